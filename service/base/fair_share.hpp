// How a bound is shared by callers (docs/shared-bounds.md; docs/promises.md L09): one who holds a quarter of
// it gets more only while half of the whole stays free, so whoever holds nothing finds room. A sole caller
// may have all. Pure; not thread-safe: each bound has one, and its owner locks where several threads use it.
#pragma once
#include "base/flat_table.hpp"
#include "base/sharer.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gateway {

/// Whether there are several callers to share with. Written by the service at the start and by SIGHUP; any
/// thread.
class caller_count {
public:
    void set(std::size_t callers) { several_.store(callers > 1, std::memory_order_relaxed); }
    bool several() const { return several_.load(std::memory_order_relaxed); }

private:
    std::atomic<bool> several_{false};
};

/// `callers`, or those of a bound that belongs to one.
inline const caller_count& callers_or_one(const caller_count* callers) {
    static constexpr caller_count one;
    return callers != nullptr ? *callers : one;
}

/// What is taken of a bound, by all and by the one who asks for more.
struct share_state {
    std::uint64_t whole = 0;
    std::uint64_t used = 0; // `own` included
    std::uint64_t own = 0;
};

/// Whether all of `more` is within the share of the one who asks, and free.
constexpr bool fits_share(const share_state& now, std::uint64_t more, bool several_callers) {
    if (now.used > now.whole || more > now.whole - now.used) return false;
    if (!several_callers || now.own + more <= now.whole / 4) return true;
    return now.whole - now.used - more >= now.whole / 2;
}
/// The same for one piece: the first may be larger than a quarter, because some pieces cannot be divided.
constexpr bool may_take(const share_state& now, std::uint64_t more, bool several_callers) {
    const bool free = now.used <= now.whole && more <= now.whole - now.used;
    return free && (now.own == 0 || fits_share(now, more, several_callers));
}
/// The same for a piece of `piece`, which `now` includes, that gets larger by `more`: it is judged like one
/// that is taken whole, so the number of its steps makes no difference.
constexpr bool may_grow(share_state now, std::uint64_t piece, std::uint64_t more, bool several_callers) {
    now.used -= piece;
    now.own -= piece;
    return may_take(now, piece + more, several_callers);
}

class fair_share {
public:
    /// `callers` outlives it.
    fair_share(std::uint64_t whole, const caller_count& callers) : whole_(whole), callers_(&callers) {}

    bool allows(sharer by, std::uint64_t more);
    /// Takes `more` if it is allowed.
    bool take(sharer by, std::uint64_t more) { return grow(by, 0, more); }
    /// Takes `more` for a piece of which `piece` was taken before.
    bool grow(sharer by, std::uint64_t piece, std::uint64_t more);
    /// Only what was taken.
    void give_back(sharer by, std::uint64_t less);
    /// Everything is given back.
    void clear();

    std::uint64_t whole() const { return whole_; }
    std::uint64_t used() const { return used_; }
    std::uint64_t held_by(sharer by);

private:
    struct holder {
        sharer who = sharer::gateway;
        std::uint64_t held = 0;
    };
    holder* find(sharer by);
    bool shares(sharer by) const { return by != sharer::gateway && callers_->several(); }
    void drop_idle_holders();

    std::uint64_t whole_;
    const caller_count* callers_;
    std::uint64_t used_ = 0;
    flat_table<holder> holders_; // also some that hold nothing at the moment, so that they need no new place
};

} // namespace gateway
