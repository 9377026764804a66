// One post that is watched: what is known of it, who waits for news, and the coroutine that looks for them.
// Shared by the table of post_watch, that coroutine and the places.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "posts/post_watch.hpp"
#include "runtime/shared_wait.hpp"
#include "runtime/task.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace gateway {
class waiter;
}

namespace gateway::posts {

struct post_watch::watched {
public:
    watched(user_id of, publish_id what, bool leaving);

    const user_id user;
    const publish_id post;
    std::uint32_t places = 0; // under the mutex of the table

    seen_post now() const;
    /// Opened by the news after those of this number; open already if they are there. Any thread.
    std::shared_ptr<wait_places> after(std::uint64_t number) const;
    /// What a look has found; whoever waits hears of it if it is something new. Any thread.
    void note(status_answer told);
    void note_trouble(failure why);
    /// Of a running upload; at most four times a second, and the last byte (docs/contract.md §12).
    void note_bytes(std::uint64_t sent, std::uint64_t size);
    /// The same from another replica, with the size that the ledger has.
    void note_bytes(std::uint64_t sent);
    void note_size(std::uint64_t size);
    void note_leaving();
    bool is_final() const;

    // On the home worker:
    /// The ledger has news. True: nobody reads them yet, so the caller does, as long as take_news() says.
    bool note_news();
    bool take_news();
    void stop_reading();
    /// Differs after each news.
    std::uint64_t news() const { return news_; }
    /// Waits until then, or until there is an end. True: there is.
    task<bool> rest(deadline until);

private:
    enum class cause { look, others };
    /// Applies a change of what is known; if it gives true, whoever waits is woken. Nobody is before the
    /// first look, and everybody by it.
    void change(cause by, const std::function<bool(seen_post&)>& apply);

    mutable std::mutex mutex_; // for the next four
    seen_post now_;
    std::shared_ptr<wait_places> next_; // of those who wait for the next number
    std::shared_ptr<wait_places> last_; // opened by the last one; null before the first
    steady_time told_bytes_at_{};
    // Home worker:
    waiter* resting_ = nullptr;
    std::uint64_t news_ = 0, news_read_ = 0;
    bool is_reading_ = false;
};

} // namespace gateway::posts
