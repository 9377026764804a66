// The cost of a limit, in windows that are as full as the rate of calls makes them.
#include "limits/window.hpp"

#include <benchmark/benchmark.h>

#include <string>
#include <variant>
#include <vector>

namespace gateway::limits {
namespace {

constexpr window_rule ten_a_second{.limit = 600, .length = milliseconds{60'000}};

/// Users who call in turn, with simulated times.
class traffic {
public:
    traffic(std::int64_t users, steady_time::duration between_calls_of_one)
        : step_(between_calls_of_one / users) {
        for (std::int64_t i = 0; i < users; ++i)
            users_.push_back("user-" + std::to_string(1'000'000 + i));
    }

    /// A call that is answered 30 ms later; false when it is refused.
    bool call(window_table& table) {
        now_ += step_;
        turn_ = turn_ + 1 == users_.size() ? 0 : turn_ + 1;
        auto taken = table.take(users_[turn_], 0, now_, deadline::in(now_, seconds{10}));
        auto* slot = std::get_if<permit>(&taken);
        if (slot == nullptr) return false;
        benchmark::DoNotOptimize(slot->settle(now_ + milliseconds{30}));
        return true;
    }
    bool fill(window_table& table) {
        for (const auto end = now_ + ten_a_second.length; now_ < end;)
            if (!call(table)) return false;
        return true;
    }

private:
    steady_time::duration step_;
    std::vector<std::string> users_;
    std::size_t turn_ = 0;
    steady_time now_{std::chrono::hours{1}};
};

void take_and_settle(benchmark::State& state) {
    window_table table({ten_a_second});
    traffic calls{state.range(0), milliseconds{state.range(1)}};
    if (!calls.fill(table)) return state.SkipWithError("a call was refused");
    for (auto _ : state) {
        if (calls.call(table)) continue;
        state.SkipWithError("a call was refused");
        break;
    }
}
BENCHMARK(take_and_settle)->ArgNames({"users", "ms_between"})->Args({1, 101})->Args({100'000, 10'000});

void take_refused(benchmark::State& state) {
    window_table table({ten_a_second});
    const steady_time now{std::chrono::hours{1}};
    for (std::uint32_t i = 0; i < ten_a_second.limit; ++i) {
        auto taken = table.take("ann", 0, now, deadline{now});
        if (auto* slot = std::get_if<permit>(&taken)) slot->settle(now + milliseconds{i});
    }
    for (auto _ : state) {
        const auto taken = table.take("ann", 0, now, deadline{now});
        const auto* no = std::get_if<no_slot>(&taken);
        if (no != nullptr && no->wait == ten_a_second.length) continue;
        state.SkipWithError("a call was not refused for one window");
        break;
    }
}
BENCHMARK(take_refused);

/// A caller's quota that is nearly used up.
void count_quota(benchmark::State& state) {
    const window_rule quota{.limit = static_cast<std::uint32_t>(state.range(0)),
                            .length = milliseconds{60'000}};
    const steady_time::duration step = steady_time::duration{quota.length} / (quota.limit - 2);
    window_table table({});
    steady_time now{std::chrono::hours{1}};
    const auto counted = [&] {
        now += step;
        const auto left = table.count("billing", 0, quota, now);
        benchmark::DoNotOptimize(left);
        return std::holds_alternative<quota_status>(left);
    };
    for (std::uint32_t i = 0; i < quota.limit; ++i)
        if (!counted()) return state.SkipWithError("a call was refused");
    for (auto _ : state) {
        if (counted()) continue;
        state.SkipWithError("a call was refused");
        break;
    }
}
BENCHMARK(count_quota)->ArgName("per_minute")->Arg(600)->Arg(60'000);

} // namespace
} // namespace gateway::limits
