#include "limits/shared_bytes.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>

namespace gateway::limits {
namespace {

constexpr seconds window{1};
constexpr steady_time::duration none{0};

/// `now` was read before the lock was taken, so it may be a little older than `since`.
steady_time::duration since(const std::optional<steady_time>& since, steady_time now) {
    return since ? std::max(none, now - *since) : none;
}

} // namespace

std::optional<shared_bytes::permit> shared_bytes::take(sharer by, std::uint64_t bytes, steady_time now) {
    claims made(1); // before the room is taken, because it can fail
    made.front().by = by;
    made.front().wanted = bytes;
    const std::lock_guard lock(mutex_);
    if (!make_room(made.front(), bytes, now)) return std::nullopt;
    claims_.splice(claims_.end(), made);
    return permit(*this, std::prev(claims_.end()));
}

/// `bytes`: those that its present wait has brought. A wait that is itself long is judged alone, so that
/// bytes that came fast before it do not hide it.
bool shared_bytes::is_slow(const claim& one, std::uint64_t bytes, steady_time now) const {
    const auto wait = since(one.waits_since, now);
    const bool alone = wait >= window;
    const auto waited = alone ? wait : one.waited + wait;
    if (waited < window) return one.slow > none;
    const auto ms = std::chrono::duration_cast<milliseconds>(waited).count();
    return (alone ? bytes : one.window_bytes + bytes)
           < slow_bytes_per_second_ * static_cast<std::uint64_t>(ms) / 1000;
}

/// Counts the time that it has waited until now.
void shared_bytes::note_wait(claim& of, std::uint64_t bytes, steady_time now) const {
    const bool slow = is_slow(of, bytes, now);
    of.waited += since(of.waits_since, now);
    of.window_bytes += bytes;
    if (of.waits_since) of.waits_since = now;
    if (of.waited < window) return;
    of.slow = slow ? of.slow + of.waited : none;
    of.waited = none;
    of.window_bytes = 0;
}

void shared_bytes::shrink_to_held(claim& one) {
    if (one.reserved <= one.held) return;
    share_.give_back(one.by, one.reserved - one.held);
    one.reserved = one.held;
}

/// Makes it count with `bytes`, which are more than before; slow claims give back what they do not hold.
bool shared_bytes::make_room(claim& of, std::uint64_t bytes, steady_time now) {
    bool done = share_.grow(of.by, of.reserved, bytes - of.reserved);
    for (auto one = claims_.begin(); !done && one != claims_.end(); ++one) {
        if (&*one == &of || !is_slow(*one, 0, now)) continue;
        shrink_to_held(*one);
        done = share_.grow(of.by, of.reserved, bytes - of.reserved);
    }
    if (done)
        of.reserved = bytes;
    else
        end_a_slow_one(of.by, now);
    return done;
}

/// For a caller with less than a quarter: the one that has been slow longest, one at a time. Claims that do
/// not wait for their source are not their senders' fault, and if one that was ended waits for TikTok now,
/// its room is not about to be free.
void shared_bytes::end_a_slow_one(sharer by, steady_time now) {
    if (share_.held_by(by) >= share_.whole() / 4) return;
    claim* longest = nullptr;
    for (auto& one : claims_) {
        if (!one.waits_since) continue;
        if (one.lost.load(std::memory_order_relaxed)) return; // its room is about to be free
        note_wait(one, 0, now);
        if (one.reserved == 0 || one.slow < slow_for) continue;
        if (!longest || longest->slow < one.slow) longest = &one;
    }
    if (longest) longest->lost.store(true, std::memory_order_relaxed);
}

bool shared_bytes::reserve(claim& of, std::uint64_t bytes, steady_time now) {
    const std::lock_guard lock(mutex_);
    if (of.reserved < bytes && !make_room(of, bytes, now)) return false;
    of.wanted = std::max(of.wanted, bytes);
    return true;
}

bool shared_bytes::hold(claim& of, std::uint64_t bytes, steady_time now) {
    const std::lock_guard lock(mutex_);
    if (of.reserved < bytes) {
        const auto wanted = std::max(of.wanted, bytes);
        if (share_.grow(of.by, of.reserved, wanted - of.reserved))
            of.reserved = wanted;
        else if (!make_room(of, bytes, now))
            return false;
    }
    of.held = std::max(of.held, bytes);
    if (!of.waits_since) of.waits_since = now;
    return true;
}

void shared_bytes::came(claim& of, std::uint64_t bytes, steady_time now) {
    const std::lock_guard lock(mutex_);
    note_wait(of, bytes, now);
    of.waits_since.reset();
}

void shared_bytes::give_back(claims::iterator what) {
    claims gone; // freed after the lock is released
    const std::lock_guard lock(mutex_);
    share_.give_back(what->by, what->reserved);
    gone.splice(gone.end(), claims_, what);
}

} // namespace gateway::limits
