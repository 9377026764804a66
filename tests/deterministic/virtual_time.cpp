#include "deterministic/virtual_time.hpp"

#include "deterministic/dice.hpp"

#include <openssl/rand.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <vector>

namespace gateway::simulation {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds never = nanoseconds::max();
constexpr nanoseconds steady_start = std::chrono::hours{1000};
constexpr nanoseconds wall_start = seconds{1'795'000'000};

/// An epoll descriptor of Asio, or its timer.
struct descriptor {
    int timer = -1; // for a loop: its timer
    epoll_data_t told{};
    nanoseconds due = never; // of a timer
    bool is_timer = false;
};

struct machine {
    bool virtual_now = false;
    nanoseconds now{0};
    milliseconds wall_skew{0};
    dice random{0};
    int newest_loop = -1;
    std::vector<descriptor> descriptors;

    descriptor& at(int number) {
        const auto place = static_cast<std::size_t>(number);
        if (place >= descriptors.size()) descriptors.resize(place + 64);
        return descriptors[place];
    }
    nanoseconds due_of(int loop) {
        const int timer = at(loop).timer;
        return timer < 0 ? never : at(timer).due;
    }
};

machine& the_machine() {
    static machine one;
    return one;
}

timespec as_timespec(nanoseconds time) {
    const auto whole = std::chrono::floor<seconds>(time);
    timespec out{};
    out.tv_sec = whole.count();
    out.tv_nsec = (time - whole).count();
    return out;
}

nanoseconds as_duration(const timespec& time) {
    return seconds{time.tv_sec} + nanoseconds{time.tv_nsec};
}

} // namespace

virtual_time::virtual_time(std::uint64_t seed) {
    auto& m = the_machine();
    if (m.virtual_now) throw std::logic_error("two virtual times at once");
    m.virtual_now = true;
    m.now = steady_start;
    m.wall_skew = milliseconds{0};
    m.random = dice(seed);
}

virtual_time::~virtual_time() {
    the_machine().virtual_now = false;
}

void virtual_time::advance_to(steady_time at) {
    auto& m = the_machine();
    m.now = std::max(m.now, nanoseconds{at.time_since_epoch()});
}

void virtual_time::set_wall_skew(milliseconds skew) {
    the_machine().wall_skew = skew;
}

int virtual_time::newest_loop() {
    return the_machine().newest_loop;
}

std::optional<steady_time> virtual_time::due(int loop) {
    const auto at = the_machine().due_of(loop);
    if (at == never) return std::nullopt;
    return steady_time{at};
}

std::chrono::nanoseconds real_time() {
    timespec out{};
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &out);
    return as_duration(out);
}

} // namespace gateway::simulation

// Replacements of library functions, so their names and types are given.
using gateway::simulation::the_machine;
namespace simulation = gateway::simulation;

extern "C" int clock_gettime(clockid_t clock, timespec* out) noexcept {
    const auto& m = the_machine();
    const bool steady = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE;
    const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    if (!m.virtual_now || (!steady && !wall)) return static_cast<int>(syscall(SYS_clock_gettime, clock, out));
    *out = simulation::as_timespec(
        steady ? m.now : simulation::wall_start + m.now - simulation::steady_start + m.wall_skew);
    return 0;
}

extern "C" int timerfd_create(int clock, int flags) noexcept {
    const int made = static_cast<int>(syscall(SYS_timerfd_create, clock, flags));
    auto& m = the_machine();
    if (m.virtual_now && made >= 0) m.at(made) = {-1, {}, simulation::never, true};
    return made;
}

extern "C" int timerfd_settime(int timer, int flags, const itimerspec* next, itimerspec* before) noexcept {
    auto& m = the_machine();
    if (!m.virtual_now) return static_cast<int>(syscall(SYS_timerfd_settime, timer, flags, next, before));
    const auto wait = simulation::as_duration(next->it_value);
    // Asio uses the first nanosecond for "at once".
    m.at(timer).due = (flags & TFD_TIMER_ABSTIME) != 0 ? wait : m.now + wait;
    return 0;
}

extern "C" int epoll_ctl(int loop, int what, int target, epoll_event* how) noexcept {
    auto& m = the_machine();
    if (!m.virtual_now) return static_cast<int>(syscall(SYS_epoll_ctl, loop, what, target, how));
    if (what != EPOLL_CTL_ADD) return 0;
    const bool is_timer = m.at(target).is_timer;
    m.at(loop) = {is_timer ? target : -1, how->data, simulation::never, false};
    if (is_timer) m.newest_loop = loop;
    return 0;
}

extern "C" int epoll_wait(int loop, epoll_event* events, int events_max, int wait_ms) {
    auto& m = the_machine();
    if (!m.virtual_now)
        return static_cast<int>(
            syscall(SYS_epoll_pwait, loop, events, events_max, wait_ms, nullptr, std::size_t{0}));
    const auto due = m.due_of(loop);
    if (due > m.now && wait_ms != 0) {
        if (due == simulation::never && wait_ms < 0)
            throw std::logic_error("a loop waits for what nobody will do");
        const auto patience = wait_ms < 0 ? simulation::never : m.now + gateway::milliseconds{wait_ms};
        m.now = std::min(due, patience);
    }
    if (due > m.now) return 0;
    events[0].events = EPOLLIN;
    events[0].data = m.at(loop).told;
    return 1;
}

/// The source of the service's random jitter.
std::random_device::result_type std::random_device::_M_getval() {
    auto& m = the_machine();
    if (m.virtual_now) return static_cast<result_type>(m.random.next());
    result_type out = 0;
    syscall(SYS_getrandom, &out, sizeof out, 0);
    return out;
}

extern "C" int RAND_bytes(unsigned char* out, int count) {
    auto& m = the_machine();
    if (!m.virtual_now) return RAND_bytes_ex(nullptr, out, static_cast<std::size_t>(count), 0);
    for (int i = 0; i < count; i += 8) {
        auto word = m.random.next();
        for (int k = i; k < std::min(count, i + 8); ++k, word >>= 8U)
            out[k] = static_cast<unsigned char>(word);
    }
    return 1;
}
