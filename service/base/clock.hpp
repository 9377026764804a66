// Time is passed as an argument; only edges (a session, a timer) read a clock. Two clocks, never mixed: the
// steady one for waits and windows, the wall clock for times that are shown or stored.
#pragma once
#include "base/sharer.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

using milliseconds = std::chrono::milliseconds;
using seconds = std::chrono::seconds;
using steady_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::sys_time<std::chrono::milliseconds>;

inline steady_time steady_now() {
    return std::chrono::steady_clock::now();
}
/// A few milliseconds late, at a fifth of the cost; for deadlines, which are seconds away.
steady_time coarse_steady_now();
inline wall_time wall_now() {
    return std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now());
}
/// The same for the wall clock; for the time of a call, times in answers, and lifetimes of hours.
wall_time coarse_wall_now();

/// RFC 3339 in UTC with seconds: 2026-11-23T16:18:36Z.
class rfc3339_text {
public:
    explicit rfc3339_text(wall_time t);
    operator std::string_view() const { return {text_, sizeof text_ - 1}; }

private:
    char text_[sizeof "0000-00-00T00:00:00Z"] = "0000-00-00T00:00:00Z";
};
std::string rfc3339(wall_time t);
/// Milliseconds since 1970, the stored form.
inline std::int64_t unix_ms(wall_time t) {
    return t.time_since_epoch().count();
}
inline wall_time from_unix_ms(std::int64_t ms) {
    return wall_time{milliseconds{ms}};
}

/// The time at which all calls stop waiting, whatever their own deadlines; infinite until the drain sets it.
/// Written by the service, read by every worker.
class shutdown_cutoff {
public:
    void set(steady_time at) { at_.store(at.time_since_epoch().count(), std::memory_order_relaxed); }
    steady_time at() const { return steady_time{steady_time::duration{at_.load(std::memory_order_relaxed)}}; }

private:
    std::atomic<steady_time::rep> at_{steady_time::max().time_since_epoch().count()};
};

/// Who waits, and the cutoff at which all such waits end. Outlives every deadline that names it.
class waiting_party {
public:
    explicit waiting_party(const shutdown_cutoff& last, sharer who = sharer::gateway)
        : last_(&last), who_(who) {}

    steady_time last() const { return last_->at(); }
    sharer who() const { return who_; }

private:
    const shutdown_cutoff* last_;
    sharer who_;
};

/// An absolute end of waiting, made once at the edge and never extended; it also says who waits. One of a
/// party can become shorter later, so waits check it again (the sweep and waiter do).
class deadline {
public:
    explicit deadline(steady_time at) : at_(at) {}
    static deadline in(steady_time now, milliseconds wait) { return deadline{now + wait}; }

    steady_time at() const { return party_ ? std::min(at_, party_->last()) : at_; }
    bool passed(steady_time now) const { return now >= at(); }
    milliseconds left(steady_time now) const {
        const auto end = at();
        return now >= end ? milliseconds{0} : std::chrono::duration_cast<milliseconds>(end - now);
    }
    deadline no_later_than(deadline other) const {
        deadline sooner = *this;
        sooner.at_ = std::min(at_, other.at_);
        if (!party_) sooner.party_ = other.party_;
        return sooner;
    }
    deadline no_later_than(steady_time at) const { return no_later_than(deadline{at}); }

    /// The same deadline for a wait of `party`, which must outlive every copy, and bounded by its cutoff.
    deadline of_party(const waiting_party& party) const {
        deadline bound = *this;
        bound.party_ = &party;
        return bound;
    }
    bool may_be_cut() const { return party_ != nullptr; }
    sharer by() const { return party_ ? party_->who() : sharer::gateway; }

private:
    steady_time at_;
    const waiting_party* party_ = nullptr;
};

} // namespace gateway
