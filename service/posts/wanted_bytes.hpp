// Which running uploads other replicas want to hear of, because somebody watches the post there. They say so
// again every few seconds, and cannot know where the upload is. Owned by post_watch; any thread.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"

#include <atomic>
#include <mutex>
#include <string>
#include <unordered_map>

namespace gateway::posts {

class wanted_bytes {
public:
    /// For half a minute from now on. Of more posts than are bounded, the next is ignored.
    void want(const publish_id& post, steady_time now);
    /// Whether to tell the bytes now: they are wanted, and were not told a moment ago, or are the last ones.
    /// Costs one atomic read while nothing is wanted.
    bool may_tell(const publish_id& post, bool is_last, steady_time now);

private:
    struct entry {
        steady_time until, told_at;
    };
    void forget_past(steady_time now);

    std::mutex mutex_;
    std::unordered_map<std::string, entry> posts_; // under the mutex
    std::atomic<bool> any_{false};
};

} // namespace gateway::posts
