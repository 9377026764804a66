#include "base/digest.hpp"
#include "deterministic/world.hpp"
#include "runtime/waiter.hpp"
#include "unit/runtime/run_on.hpp"

namespace gateway::simulation {

using testing::run_on;

TEST(VirtualTime, AnHourOfWaitingTakesNoTime) {
    const auto began = real_time();
    const virtual_time time(1);
    worker loop;
    const auto start = steady_now();
    const auto wall = wall_now();
    for (int i = 0; i < 3600; ++i)
        run_on(loop, pause_until(deadline::in(steady_now(), seconds{1})));
    EXPECT_EQ(std::chrono::round<seconds>(steady_now() - start), std::chrono::hours{1});
    EXPECT_EQ(std::chrono::round<seconds>(wall_now() - wall), std::chrono::hours{1});
    EXPECT_LT(real_time() - began, seconds{20});
}

TEST(VirtualTime, StandsStillWhileNobodyWaits) {
    const virtual_time time(1);
    const auto now = steady_now();
    EXPECT_EQ(steady_now(), now);
}

TEST(VirtualTime, LetsRealTimeBackWhenItEnds) {
    { const virtual_time time(1); }
    EXPECT_LT(std::chrono::abs(steady_now().time_since_epoch() - real_time()), seconds{5});
}

TEST(VirtualTime, GivesTheSameRandomBytesToTheSameSeedAndOthersToAnother) {
    const auto bytes = [](std::uint64_t seed) {
        const virtual_time time(seed);
        return random_bytes(20);
    };
    EXPECT_EQ(bytes(1), bytes(1));
    EXPECT_NE(bytes(1), bytes(2));
    EXPECT_NE(random_bytes(20), random_bytes(20));
}

TEST(VirtualTime, SkewsTheWallClockAlone) {
    virtual_time time(1);
    const auto wall = wall_now();
    const auto now = steady_now();
    time.set_wall_skew(seconds{30});
    EXPECT_EQ(wall_now() - wall, seconds{30});
    EXPECT_EQ(coarse_wall_now(), wall_now());
    EXPECT_EQ(steady_now(), now);
    EXPECT_EQ(coarse_steady_now(), now);
}

TEST(World, LetsThingsHappenInOrderOfTheirTimeAndMovesTheClockThere) {
    world in(7);
    std::vector<int> seen;
    const auto start = steady_now();
    in.after(seconds{20}, [&] { seen.push_back(2); });
    in.after(seconds{10}, [&] {
        seen.push_back(1);
        EXPECT_EQ(steady_now() - start, seconds{10});
    });
    in.after(seconds{40}, [&] { seen.push_back(3); });
    in.run_for(seconds{30});
    EXPECT_EQ(seen, (std::vector<int>{1, 2}));
    EXPECT_EQ(steady_now() - start, seconds{30});
}

TEST(World, APausedLoopRunsWhenItGoesOnAndNotBefore) {
    world in(7);
    worker loop;
    seat place{&loop.loop(), virtual_time::newest_loop(), false, {}};
    const auto stay = boost::asio::make_work_guard(loop.loop());
    in.join(place);
    bool done = false;
    const auto wait = [](bool& ended) -> task<void> {
        co_await pause_until(deadline::in(steady_now(), seconds{5}));
        ended = true;
    };
    loop.group().spawn(wait(done));
    in.run_for(seconds{1});
    place.paused = true;
    in.run_for(seconds{60});
    EXPECT_FALSE(done);
    place.paused = false;
    in.run_for(seconds{1});
    EXPECT_TRUE(done);
    in.leave(place);
}

} // namespace gateway::simulation
