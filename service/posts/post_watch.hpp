// Who waits for news of posts: calls with `wait` and event streams. TikTok is asked at once for all who wait
// for the same post, and news that this process or another replica has learned otherwise are read from the
// ledger once for all of them. The bytes of a running upload are told over replicas, too, while somebody
// watches. A post that nobody waits for costs nothing here. Owned by the service; any thread, the asking is
// on the home worker.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "posts/ask_status.hpp"
#include "runtime/task.hpp"
#include "store/changes.hpp"
#include "store/ledger.hpp"
#include "user_api/upload_observer.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {
class wait_places;
class worker;
} // namespace gateway
namespace gateway::user_api {
class api_client;
}

namespace gateway::posts {

class status_book;

/// What is known of a watched post.
struct seen_post {
    std::uint64_t number = 0; // grows with each news
    bool leaving = false;     // this process is about to end, and nobody waits any more
    std::string status;
    std::string_view state; // empty: nothing is known
    bool has_end = false;   // as status_answer::is_final
    std::string fail_reason;
    std::vector<std::string> post_ids;
    std::optional<failure> trouble;               // why TikTok could not be asked at the last look
    std::uint64_t bytes_sent = 0, size_bytes = 0; // of a running upload; zero: unknown

    /// Nothing that is worth waiting for comes after it.
    bool is_final() const;
    /// For whoever has waited: the status, or why there is none.
    result<status_answer> answer() &&;
};

class post_watch final : public store::post_listener,
                         public store::change_listener,
                         public user_api::upload_observer {
public:
    explicit post_watch(worker& home);
    ~post_watch() override;
    post_watch(const post_watch&) = delete;
    post_watch& operator=(const post_watch&) = delete;

    /// Before the first join(): what asks TikTok, of the home worker. They live until its loop has ended.
    void use(status_book& book, user_api::api_client& tiktok);

    struct state;
    struct watched;
    /// One who waits. Lives in the frame of the call.
    class place {
    public:
        place(std::shared_ptr<state> at, std::shared_ptr<watched> what)
            : at_(std::move(at)), what_(std::move(what)) {}
        place(const place&) = delete;
        place& operator=(const place&) = delete;
        ~place();

        /// What is known now. Any thread.
        seen_post now() const;
        /// Until what is known has another number than this one, or `until` has passed; number 0: until the
        /// first look. True: it has. Any worker, one wait at a time. The memory of thousands who wait is in
        /// here, so it holds no news.
        task<bool> wait(std::uint64_t number, deadline until);

    private:
        const std::shared_ptr<state> at_;     // some calls are destroyed later, with their loop
        const std::shared_ptr<watched> what_; // shared with the look at TikTok
        std::shared_ptr<wait_places> next_;   // of the current wait, since the next news replaces it
    };
    place join(const user_id& user, const publish_id& post);

    bool is_watched(const user_id& user, const publish_id& post) const;
    /// From the begin of the drain on nobody waits any more. Any thread.
    void leave();
    /// Posts that are watched, and who watches; for metrics.
    std::uint64_t posts() const;
    std::uint64_t places() const;

    void post_changed(const publish_id& post) override;
    void changed(const store::change& what) override;
    void feed_connected(bool is) override;
    /// Of a running upload of this process; costs nothing while nobody watches.
    void bytes_sent(const publish_id& post, std::uint64_t sent, std::uint64_t size) override;

private:
    const std::shared_ptr<state> state_; // shared with its coroutines and the places
};

} // namespace gateway::posts
