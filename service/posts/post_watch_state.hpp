// What the places and the home worker share of the watched posts: the table, and the coroutines that ask for
// news. Private to post_watch; lives as long as one of them.
#pragma once
#include "posts/post_watch.hpp"
#include "posts/wanted_bytes.hpp"
#include "posts/watched_post.hpp"
#include "runtime/turns.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace gateway::posts {

/// Looks at TikTok under way at once, so that waits never take all connections to it.
inline constexpr std::size_t watch_looks_max = 24;

struct post_watch::state {
    explicit state(worker& home_) : home(home_) {}

    using found = std::vector<std::shared_ptr<watched>>;
    found of(const publish_id& post);
    found all();
    bool remove_if_left(const watched& one);
    void remove(const watched& one);
    void remove_locked(const watched& one);
    task<void> announce(store::change what);
    task<void> read_ledger(watched& one);
    task<result<status_answer>> ask_tiktok(const watched& one, const store::shared_post& row);
    task<void> look_at_tiktok(watched& one, const store::shared_post& row, std::uint64_t news);
    task<void> look(watched& one);
    // The frames of these keep the state, because some are destroyed later, with their loop.
    static void wake(const std::shared_ptr<state>& in, found which);
    static task<void> follow(std::shared_ptr<state> in, std::shared_ptr<watched> one);
    static task<void> read_news(std::shared_ptr<state> in, std::shared_ptr<watched> one);

    worker& home;
    status_book* book = nullptr;
    user_api::api_client* tiktok = nullptr;
    wanted_bytes wanted; // by other replicas
    std::mutex mutex;    // for the next two, and watched::places
    std::unordered_map<std::string, found> posts;
    bool leaving = false;
    turns looks{watch_looks_max}; // home worker
    std::atomic<std::uint64_t> watched_posts{0}, watchers{0};
};

} // namespace gateway::posts
