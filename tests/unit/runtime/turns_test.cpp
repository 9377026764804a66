// Places for work of one kind: bounded, first come first served, and none is lost to one that is cancelled.
#include "runtime/turns.hpp"

#include "runtime/task_group.hpp"
#include "runtime/waiter.hpp"
#include "runtime/worker.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gateway::testing {
namespace {

struct gate {
    explicit gate(worker& at) : opened(at.executor(), deadline{steady_time::max()}) {}
    waiter opened;
};

const deadline never{steady_time::max()};

task<void> work(turns& places, gate& until, std::string name, std::string& log, deadline turn_by = never) {
    const auto turn = co_await places.take(turn_by);
    if (!turn) {
        log += name + " had none";
        co_return;
    }
    log += name;
    co_await until.opened.wait();
}

/// One place, and three who want it.
class Turns : public ::testing::Test {
protected:
    void run_loop() {
        at.loop().restart();
        at.loop().poll();
    }

    worker at;
    turns places{1};
    gate first{at}, second{at}, third{at};
    std::string log;
    task_group one{at.executor()}, other{at.executor()};
};

TEST_F(Turns, GiveAPlaceToWhoeverCameFirstAndNoneTwice) {
    one.spawn(work(places, first, "a", log));
    one.spawn(work(places, second, "b", log));
    one.spawn(work(places, third, "c", log));
    run_loop();
    EXPECT_EQ(log, "a");
    EXPECT_EQ(places.free(), 0U);
    first.opened.wake();
    run_loop();
    EXPECT_EQ(log, "ab");
    second.opened.wake();
    third.opened.wake();
    run_loop();
    EXPECT_EQ(log, "abc");
    EXPECT_EQ(places.free(), 1U);
    EXPECT_EQ(one.size(), 0U);
}

TEST_F(Turns, PassOverOneThatIsCancelledWhileItWaits) {
    other.spawn(work(places, first, "a", log));
    one.spawn(work(places, second, "b", log));
    other.spawn(work(places, third, "c", log));
    run_loop();
    one.cancel(); // it waits for a place
    run_loop();
    first.opened.wake();
    run_loop();
    EXPECT_EQ(log, "ac");
    third.opened.wake();
    run_loop();
    EXPECT_EQ(places.free(), 1U);
}

TEST_F(Turns, WhoeverGetsNoneInTimeLeavesTheQueue) {
    one.spawn(work(places, first, "a", log));
    one.spawn(work(places, second, "b", log, deadline::in(steady_now(), milliseconds{1})));
    one.spawn(work(places, third, "c", log));
    at.loop().restart();
    while (log == "a" || log.empty())
        at.loop().run_one();
    EXPECT_EQ(log, "ab had none");
    first.opened.wake();
    run_loop();
    EXPECT_EQ(log, "ab had nonec");
    third.opened.wake();
    run_loop();
    EXPECT_EQ(places.free(), 1U);
}

TEST_F(Turns, PassThePlaceOnThatOneGetsWhileItIsCancelled) {
    one.spawn(work(places, first, "a", log));
    one.spawn(work(places, second, "b", log));
    other.spawn(work(places, third, "c", log));
    run_loop();
    one.cancel(); // the first gives its place to the second, which ends, too
    run_loop();
    EXPECT_TRUE(log.ends_with("c")) << log;
    third.opened.wake();
    run_loop();
    EXPECT_EQ(places.free(), 1U);
}

} // namespace
} // namespace gateway::testing
