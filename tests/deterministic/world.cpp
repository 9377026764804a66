#include "deterministic/world.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace gateway::simulation {
namespace {

constexpr std::size_t violations_max = 5;

} // namespace

world::world(std::uint64_t seed)
    : seed_(seed), time_(~seed), dice_(seed), told_(std::getenv("SIMULATION_TRACE") != nullptr) {}

void world::after(microseconds wait, std::function<void()> what) {
    events_.push_back({steady_now() + wait, events_made_++, std::move(what)});
    std::push_heap(events_.begin(), events_.end(), std::greater<>{});
}

void world::let_run() {
    bool ran = true;
    while (ran) {
        ran = false;
        const auto first = seats_.empty() ? 0 : dice_.below(seats_.size());
        for (std::size_t i = 0; i < seats_.size(); ++i) {
            seat& one = *seats_[(first + i) % seats_.size()];
            if (one.paused) continue;
            time_.set_wall_skew(one.wall_skew);
            ran = one.loop->poll() > 0 || ran;
        }
    }
    time_.set_wall_skew(milliseconds{0});
}

std::optional<steady_time> world::next() const {
    std::optional<steady_time> out;
    if (!events_.empty()) out = events_.front().at;
    for (const auto* one : seats_) {
        if (one->paused) continue;
        const auto due = virtual_time::due(one->waits_at);
        if (due && (!out || *due < *out)) out = due;
    }
    return out;
}

void world::run_until(steady_time end) {
    for (;;) {
        let_run();
        const auto at = next();
        if (!at || *at > end) break;
        time_.advance_to(*at);
        while (!events_.empty() && events_.front().at <= steady_now()) {
            std::pop_heap(events_.begin(), events_.end(), std::greater<>{});
            const auto what = std::move(events_.back().what);
            events_.pop_back();
            what();
        }
    }
    time_.advance_to(end);
}

void world::note(std::string_view what, std::string_view whom, std::uint64_t number) {
    const auto add = [this](std::uint64_t word) { trace_ = (trace_ ^ word) * 0x100000001b3U; };
    const auto at = steady_now().time_since_epoch().count();
    add(static_cast<std::uint64_t>(at));
    for (const char c : what)
        add(static_cast<unsigned char>(c));
    for (const char c : whom)
        add(static_cast<unsigned char>(c));
    add(number);
    if (!told_) return;
    std::string line = std::to_string(at / 1000) + ' ';
    line.append(what).append(" ").append(whom).append(" ").append(std::to_string(number)).append("\n");
    std::fputs(line.c_str(), stderr);
}

void world::violation(std::string what) {
    note("VIOLATION", what);
    if (violations_.size() < violations_max) violations_.push_back(std::move(what));
}

} // namespace gateway::simulation
