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

task<void> work(turns& places, gate& until, std::string name, std::string& log) {
    const auto turn = co_await places.take();
    log += name;
    co_await until.opened.wait();
}

TEST(Turns, GiveAPlaceToWhoeverCameFirstAndNoneTwice) {
    worker at;
    turns places(1);
    gate first(at), second(at), third(at);
    std::string log;
    task_group all(at.executor());
    all.spawn(work(places, first, "a", log));
    all.spawn(work(places, second, "b", log));
    all.spawn(work(places, third, "c", log));
    at.loop().poll();
    EXPECT_EQ(log, "a");
    EXPECT_EQ(places.free(), 0U);
    first.opened.wake();
    at.loop().restart();
    at.loop().poll();
    EXPECT_EQ(log, "ab");
    second.opened.wake();
    third.opened.wake();
    at.loop().restart();
    at.loop().poll();
    EXPECT_EQ(log, "abc");
    EXPECT_EQ(places.free(), 1U);
    EXPECT_EQ(all.size(), 0U);
}

TEST(Turns, PassOverOneThatIsCancelledWhileItWaits) {
    worker at;
    turns places(1);
    gate first(at), second(at), third(at);
    std::string log;
    task_group one(at.executor()), other(at.executor());
    other.spawn(work(places, first, "a", log));
    one.spawn(work(places, second, "b", log));
    other.spawn(work(places, third, "c", log));
    at.loop().poll();
    one.cancel(); // it waits for a place
    at.loop().restart();
    at.loop().poll();
    first.opened.wake();
    at.loop().restart();
    at.loop().poll();
    EXPECT_EQ(log, "ac");
    third.opened.wake();
    at.loop().restart();
    at.loop().poll();
    EXPECT_EQ(places.free(), 1U);
}

TEST(Turns, PassThePlaceOnThatOneGetsWhileItIsCancelled) {
    worker at;
    turns places(1);
    gate first(at), second(at), third(at);
    std::string log;
    task_group one(at.executor()), other(at.executor());
    one.spawn(work(places, first, "a", log));
    one.spawn(work(places, second, "b", log));
    other.spawn(work(places, third, "c", log));
    at.loop().poll();
    one.cancel(); // the first gives its place to the second, which ends, too
    at.loop().restart();
    at.loop().poll();
    EXPECT_TRUE(log.ends_with("c")) << log;
    third.opened.wake();
    at.loop().restart();
    at.loop().poll();
    EXPECT_EQ(places.free(), 1U);
}

} // namespace
} // namespace gateway::testing
