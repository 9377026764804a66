#include "app/background.hpp"
#include "app/told_reason.hpp"
#include "posts/follower.hpp"
#include "runtime/waiter.hpp"
#include "store/ledger.hpp"
#include "telemetry/sink.hpp"

#include <algorithm>
#include <chrono>

namespace gateway::app {
namespace {

constexpr milliseconds look_every{500};
constexpr seconds take_within{10};
constexpr seconds age_every{10};

task<void> note_oldest(store::ledger& ledger, store_health& health) {
    const auto oldest = co_await ledger.oldest_open(deadline::in(steady_now(), take_within));
    if (!oldest) co_return;
    const auto age = *oldest ? wall_now() - **oldest : milliseconds{0};
    health.oldest_open_post_s.store(std::max<std::int64_t>(0, std::chrono::floor<seconds>(age).count()));
}

} // namespace

task<void> run_following(posts::follower& posts, store::ledger& ledger, telemetry::sink& sink,
                         store_health& health) {
    told_reason told;
    for (auto age_at = steady_now(); true;) {
        const auto now = steady_now();
        if (health.good.load(std::memory_order_relaxed)) {
            const auto begun = co_await posts.begin_looks(deadline::in(now, take_within));
            if (begun)
                told.forget();
            else if (told.is_due(begun.error().message(), now))
                sink.log(telemetry::level::warn, "posts_not_followed", {{"reason", begun.error().message()}});
            if (now >= age_at) {
                co_await note_oldest(ledger, health);
                age_at = now + age_every;
            }
        }
        co_await pause_until(deadline::in(now, look_every));
    }
}

} // namespace gateway::app
