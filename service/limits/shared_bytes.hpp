// Memory that uploads and bodies share, a bounded number of bytes (docs/shared-bounds.md; docs/promises.md
// L04, L09, M08). A chunk or a form claims the most that it will hold, once, so that what has begun can be
// finished; a JSON body claims as it comes. A claim counts whole only while its bytes come: one that is slow
// counts with the bytes it holds when room is short, and one that stays slow loses its place to a caller who
// has less than its share. Slow is judged by the time spent waiting for the source alone, not for TikTok or
// for a user's window. Pure: time is an argument. One object for all workers, thread-safe.
#pragma once
#include "base/clock.hpp"
#include "base/fair_share.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <utility>

namespace gateway::limits {

class shared_bytes {
public:
    /// A claim is slow if less than this many bytes a second came in the last second or more of waiting for
    /// them. `callers` outlives it.
    shared_bytes(std::uint64_t bytes_max, std::uint64_t slow_bytes_per_second, const caller_count& callers)
        : slow_bytes_per_second_(slow_bytes_per_second), share_(bytes_max, callers) {}

    /// How long a claim must have waited in a row for a slow source before it can lose its place.
    static constexpr seconds slow_for{10};

    class permit;
    /// A claim of `bytes`; nothing if they find no room.
    std::optional<permit> take(sharer by, std::uint64_t bytes, steady_time now);

private:
    struct claim {
        sharer by;
        std::uint64_t wanted = 0;   // the most that it will hold
        std::uint64_t reserved = 0; // what it counts with
        std::uint64_t held = 0;     // the most so far, because memory that was touched stays until the end
        std::optional<steady_time> waits_since; // for its source
        steady_time::duration waited{0};        // for it, before that, in this window
        std::uint64_t window_bytes = 0;
        steady_time::duration slow{0}; // waited in slow windows, one after the other
        std::atomic<bool> lost{false};
    };
    using claims = std::list<claim>; // whose elements do not move

    // Under the mutex.
    bool is_slow(const claim& one, std::uint64_t bytes, steady_time now) const;
    void note_wait(claim& of, std::uint64_t bytes, steady_time now) const;
    bool make_room(claim& of, std::uint64_t bytes, steady_time now);
    void end_a_slow_one(sharer by, steady_time now);
    void shrink_to_held(claim& one);

    bool reserve(claim& of, std::uint64_t bytes, steady_time now);
    bool hold(claim& of, std::uint64_t bytes, steady_time now);
    void came(claim& of, std::uint64_t bytes, steady_time now);
    void give_back(claims::iterator what);

    const std::uint64_t slow_bytes_per_second_;
    std::mutex mutex_;
    fair_share share_;
    claims claims_;
};

/// Gives its bytes back in its destructor.
class shared_bytes::permit {
public:
    permit(permit&& other) noexcept : from_(std::exchange(other.from_, nullptr)), claim_(other.claim_) {}
    permit& operator=(permit&& other) noexcept {
        std::swap(from_, other.from_);
        std::swap(claim_, other.claim_);
        return *this;
    }
    ~permit() {
        if (from_) from_->give_back(claim_);
    }

    /// It will hold up to `bytes`. False: there is no room for them, and it stays as it was.
    bool reserve(std::uint64_t bytes, steady_time now) { return from_->reserve(*claim_, bytes, now); }
    /// Call before `bytes` are held and the source is asked for the next ones: from now to the next came() it
    /// waits for its source. False: there is no room for them now.
    bool hold(std::uint64_t bytes, steady_time now) { return from_->hold(*claim_, bytes, now); }
    /// `bytes` have come since the last call, and it does not wait for more.
    void came(std::uint64_t bytes, steady_time now) { from_->came(*claim_, bytes, now); }
    /// Its bytes came too slowly while another caller needed the room: it must end soon. Any thread; as long
    /// as this object.
    const std::atomic<bool>& lost() const { return claim_->lost; }

private:
    friend class shared_bytes;
    permit(shared_bytes& from, claims::iterator what) : from_(&from), claim_(what) {}

    shared_bytes* from_;
    claims::iterator claim_;
};

} // namespace gateway::limits
