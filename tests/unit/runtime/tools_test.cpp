// The worker's small tools: sweep, group, waiter, blocking pool, shared wait, buffer.
#include "runtime/blocking.hpp"
#include "runtime/buffer.hpp"
#include "runtime/keep_running.hpp"
#include "runtime/shared_wait.hpp"
#include "runtime/waiter.hpp"
#include "unit/runtime/run_on.hpp"

#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace gateway {
namespace {

using testing::in;
using testing::run_on;
using testing::soon;
using testing::turn_until;

class recording_entry final : public deadline_sweep::entry {
public:
    int expired = 0;
    std::function<void()> then;

private:
    void on_expired() override {
        ++expired;
        if (then) then();
    }
};

TEST(DeadlineSweep, FiresWhatHasExpiredAndLeavesTheRest) {
    worker w(0, milliseconds{5});
    recording_entry early, late, taken_back;
    early.arm(w.sweep(), in(1));
    late.arm(w.sweep(), in(60'000));
    taken_back.arm(w.sweep(), in(1));
    taken_back.disarm();
    turn_until(w, [&] { return early.expired > 0; });
    EXPECT_EQ(1, early.expired);
    EXPECT_FALSE(early.armed());
    EXPECT_EQ(0, late.expired);
    EXPECT_EQ(0, taken_back.expired);
}

TEST(DeadlineSweep, MovesTheDeadlineOfAnEntryThatIsArmed) {
    worker w(0, milliseconds{5});
    recording_entry moved, other;
    moved.arm(w.sweep(), in(1));
    moved.arm(w.sweep(), in(60'000));
    other.arm(w.sweep(), in(1));
    turn_until(w, [&] { return other.expired > 0; });
    EXPECT_EQ(0, moved.expired);
    EXPECT_TRUE(moved.armed());
}

TEST(DeadlineSweep, AllowsAnEntryToDestroyAndArmOthersWhileItFires) {
    worker w(0, milliseconds{5});
    auto victim = std::make_unique<recording_entry>();
    recording_entry killer, next;
    killer.arm(w.sweep(), in(1));
    victim->arm(w.sweep(), in(1));
    killer.then = [&] {
        victim.reset();
        next.arm(w.sweep(), in(1));
    };
    turn_until(w, [&] { return next.expired > 0; });
    EXPECT_EQ(1, killer.expired);
}

TEST(DeadlineSweep, HoldsNoTimerWhenNothingIsArmed) {
    worker w(0, milliseconds{5});
    {
        recording_entry e;
        e.arm(w.sweep(), in(60'000));
    }
    // Without entries the last tick ends the timer, and the loop runs out of work.
    w.loop().run();
    EXPECT_TRUE(w.sweep().empty());
}

TEST(DeadlineSweep, MayDieBeforeItsEntries) {
    recording_entry e;
    {
        worker w(0, milliseconds{5});
        e.arm(w.sweep(), in(60'000));
    }
    EXPECT_FALSE(e.armed());
}

struct counted {
    explicit counted(int& of) : alive(of) { ++alive; }
    ~counted() { --alive; }
    int& alive;
};

task<void> wait_for_long(int& alive) {
    const counted me(alive);
    co_await pause_until(in(600'000));
}

task<void> fail_at_once() {
    throw std::logic_error("a bug");
    co_return;
}

TEST(TaskGroup, P06CountsItsChildrenAndEndsEveryFrameWhenCancelled) {
    worker w;
    int alive = 0;
    for (int i = 0; i < 100; ++i)
        w.group().spawn(wait_for_long(alive));
    turn_until(w, [&] { return alive == 100; });
    EXPECT_EQ(100U, w.group().size());
    w.group().cancel();
    EXPECT_TRUE(run_on(w, w.group().wait_empty(soon())));
    EXPECT_EQ(0, alive);
    EXPECT_EQ(0U, w.group().size());
    EXPECT_FALSE(w.group().first_fault()); // a cancellation is not a fault
}

TEST(TaskGroup, GivesUpWaitingAtTheDeadline) {
    worker w;
    int alive = 0;
    w.group().spawn(wait_for_long(alive));
    EXPECT_FALSE(run_on(w, w.group().wait_empty(in(10))));
    w.group().cancel();
    EXPECT_TRUE(run_on(w, w.group().wait_empty(soon())));
}

TEST(TaskGroup, P06EndsFramesThatDieWithTheirLoop) {
    int alive = 0;
    {
        worker w;
        w.group().spawn(wait_for_long(alive));
        turn_until(w, [&] { return alive == 1; });
    }
    EXPECT_EQ(0, alive);
}

TEST(Worker, P07AuditMAnExceptionOfACoroutineOrAHandlerEndsThatOneAlone) {
    worker w;
    int noted = 0;
    w.observe_faults([&noted](const std::exception_ptr&) { ++noted; });
    w.group().spawn(fail_at_once());
    boost::asio::post(w.executor(), [] { throw std::runtime_error("a handler"); });
    boost::asio::post(w.executor(), [&w] { w.stop(); });
    w.run();
    EXPECT_EQ(noted, 2);
    EXPECT_EQ(w.faults(), 2U);
}

task<void> fail_until(int& times, int end) {
    if (++times < end) throw std::runtime_error("not yet");
    co_return;
}

TEST(Worker, P07AuditMABackgroundCoroutineGoesOnAfterAnException) {
    worker w;
    int times = 0, noted = 0;
    const auto start = [&times] { return fail_until(times, 3); };
    const auto note = [&noted](const std::exception_ptr&) { ++noted; };
    w.group().spawn(keep_running(start, note, milliseconds{1}));
    EXPECT_TRUE(run_on(w, w.group().wait_empty(soon())));
    EXPECT_EQ(times, 3);
    EXPECT_EQ(noted, 2);
}

TEST(Worker, P06ABackgroundCoroutineEndsWhereItIsCancelled) {
    worker w;
    int alive = 0, noted = 0;
    const auto start = [&alive] { return wait_for_long(alive); };
    const auto note = [&noted](const std::exception_ptr&) { ++noted; };
    w.group().spawn(keep_running(start, note));
    turn_until(w, [&] { return alive == 1; });
    w.group().cancel();
    EXPECT_TRUE(run_on(w, w.group().wait_empty(soon())));
    EXPECT_EQ(noted, 0);
}

TEST(Worker, RunsThoughAStepOfTheStartLeftItsLoopStopped) {
    worker w(0, milliseconds{5});
    w.loop().run(); // without work the loop stops, as after the last step of a start
    bool ran = false;
    boost::asio::post(w.executor(), [&] {
        ran = true;
        w.stop();
    });
    w.run();
    EXPECT_TRUE(ran);
}

TEST(Worker, P06StopsFromAnotherThreadAndEndsEveryFrame) {
    worker w;
    int alive = 0;
    std::atomic<bool> measured{false};
    w.observe_lag([&](std::chrono::nanoseconds) { measured = true; });
    w.group().spawn(wait_for_long(alive));
    std::thread other([&] { w.run(); });
    const auto end = soon();
    while (!measured && !end.passed(steady_now()))
        std::this_thread::yield();
    w.stop();
    other.join();
    EXPECT_TRUE(measured);
    EXPECT_EQ(0, alive);
}

TEST(Waiter, TellsByStateWhetherItWasWokenOrIsLate) {
    worker w;
    waiter woken(w.executor(), soon());
    boost::asio::post(w.loop(), [&] { woken.wake(); });
    EXPECT_TRUE(run_on(w, woken.wait()));
    waiter late(w.executor(), in(1));
    EXPECT_FALSE(run_on(w, late.wait()));
    waiter before(w.executor(), in(1));
    before.wake();
    EXPECT_TRUE(run_on(w, before.wait()));
}

TEST(Waiter, P04WokenAndLateAtOnceHasOneWinner) {
    worker w;
    for (int i = 0; i < 200; ++i) {
        waiter both(w.executor(), in(0));
        boost::asio::post(w.loop(), [&] { both.wake(); });
        const bool told = run_on(w, both.wait());
        EXPECT_EQ(told, both.woken());
    }
}

task<result<std::thread::id>> thread_of_work(blocking_pool& pool) {
    auto work = [] { return std::this_thread::get_id(); };
    co_return co_await run_blocking(pool, work);
}

task<bool> comes_home(blocking_pool& pool) {
    const auto before = std::this_thread::get_id();
    auto work = [] {};
    const auto done = co_await run_blocking(pool, work);
    co_return done.has_value() && std::this_thread::get_id() == before;
}

TEST(BlockingPool, RunsTheWorkElsewhereAndComesHome) {
    worker w;
    blocking_pool pool(2, 8);
    const auto id = run_on(w, thread_of_work(pool));
    ASSERT_TRUE(id);
    EXPECT_NE(std::this_thread::get_id(), *id);
    EXPECT_TRUE(run_on(w, comes_home(pool)));
    EXPECT_EQ(0U, pool.accepted());
}

TEST(BlockingPool, RunsWhatWasLeftToItBeforeItEnds) {
    std::atomic<int> ran{0};
    std::thread::id where;
    {
        blocking_pool pool(1, 8);
        EXPECT_TRUE(pool.leave([&] {
            where = std::this_thread::get_id();
            ++ran;
        }));
        EXPECT_TRUE(pool.leave([&] { ++ran; }));
    }
    EXPECT_EQ(ran, 2);
    EXPECT_NE(where, std::this_thread::get_id());
    blocking_pool none(0, 0);
    EXPECT_FALSE(none.leave([] {}));
}

task<result<std::string>> failing_work(blocking_pool& pool, bool by_throwing) {
    auto work = [by_throwing]() -> result<std::string> {
        if (by_throwing) throw std::runtime_error("thrown over there");
        return failure{errc::vault_unavailable, "said over there"};
    };
    co_return co_await run_blocking(pool, work);
}

TEST(BlockingPool, CarriesFailuresAndExceptionsHome) {
    worker w;
    blocking_pool pool(1, 1);
    const auto said = run_on(w, failing_work(pool, false));
    ASSERT_FALSE(said);
    EXPECT_EQ(errc::vault_unavailable, said.error().code());
    EXPECT_THROW(run_on(w, failing_work(pool, true)), std::runtime_error);
}

task<void> hold_pool(blocking_pool& pool, std::latch& leave, int& refused) {
    auto work = [&leave] { leave.wait(); };
    const auto done = co_await run_blocking(pool, work);
    if (!done && done.error().code() == errc::overloaded) ++refused;
}

TEST(BlockingPool, RefusesWhatIsOverItsBound) {
    worker w;
    std::latch leave(1);
    int refused = 0;
    blocking_pool pool(1, 2);
    for (int i = 0; i < 5; ++i)
        w.group().spawn(hold_pool(pool, leave, refused));
    turn_until(w, [&] { return refused == 2; });
    EXPECT_EQ(3U, pool.accepted());
    // A cancellation does not destroy the frame while the work uses it.
    w.group().cancel();
    leave.count_down();
    EXPECT_TRUE(run_on(w, w.group().wait_empty(soon())));
    EXPECT_EQ(0U, pool.accepted());
}

task<void> wait_for_result(std::shared_ptr<shared_wait<std::string>> shared, deadline until, int& got,
                           int& late) {
    const auto value = co_await shared->wait(until);
    ++(value && *value == "token" ? got : late);
}

task<void> hold_pool_as(blocking_pool& pool, std::latch& leave, sharer by, int& refused) {
    auto work = [&leave] { leave.wait(); };
    const auto done = co_await run_blocking(pool, work, by);
    if (!done && done.error().code() == errc::overloaded) ++refused;
}

TEST(BlockingPool, L09AuditIOneCallersWorkLeavesPlacesToAnother) {
    worker w;
    std::latch leave(1);
    caller_count callers;
    callers.set(2);
    blocking_pool pool(1, 7, &callers);
    int greedy = 0, quiet = 0;
    for (int i = 0; i < 8; ++i)
        w.group().spawn(hold_pool_as(pool, leave, sharer_of("greedy"), greedy));
    turn_until(w, [&] { return greedy == 4; });
    w.group().spawn(hold_pool_as(pool, leave, sharer_of("quiet"), quiet));
    turn_until(w, [&] { return pool.accepted() == 5; });
    leave.count_down();
    EXPECT_TRUE(run_on(w, w.group().wait_empty(soon())));
    EXPECT_EQ(quiet, 0);
}

/// Lets the pool's threads go, also if the test ends early. Declared after the pool, which waits for them.
class held_back {
public:
    ~held_back() { latch_->count_down(); }
    std::function<void()> work() const {
        return [latch = latch_] { latch->wait(); };
    }

private:
    std::shared_ptr<std::latch> latch_ = std::make_shared<std::latch>(1);
};

TEST(BlockingPool, L09AuditIOneCallersSlowWorkLeavesThreadsToAnother) {
    caller_count callers;
    callers.set(2);
    std::promise<void> quiet_done;
    auto done = quiet_done.get_future();
    blocking_pool pool(4, 60, &callers);
    held_back syncs;
    for (int i = 0; i < 6; ++i)
        ASSERT_TRUE(pool.leave(syncs.work(), {}, sharer_of("greedy")));
    ASSERT_TRUE(pool.leave([&] { quiet_done.set_value(); }, {}, sharer_of("quiet")));
    EXPECT_EQ(done.wait_for(seconds{20}), std::future_status::ready);
}

TEST(BlockingPool, L09AuditICallersAreServedInTurn) {
    caller_count callers;
    callers.set(2);
    std::vector<std::string> order;
    {
        blocking_pool pool(1, 60, &callers);
        held_back first;
        ASSERT_TRUE(pool.leave(first.work(), {}, sharer_of("greedy")));
        const auto note = [&order](const char* name) { return [&order, name] { order.emplace_back(name); }; };
        for (int i = 0; i < 5; ++i)
            ASSERT_TRUE(pool.leave(note("greedy"), {}, sharer_of("greedy")));
        for (int i = 0; i < 2; ++i)
            ASSERT_TRUE(pool.leave(note("quiet"), {}, sharer_of("quiet")));
    }
    ASSERT_EQ(order.size(), 7U) << "all that was accepted has run";
    EXPECT_EQ(std::count(order.begin(), order.begin() + 4, "quiet"), 2) << "each second one";
}

TEST(SharedWait, WakesEveryWaiterOnEveryWorker) {
    const auto shared = std::make_shared<shared_wait<std::string>>();
    constexpr int workers = 3, each = 50;
    std::vector<std::unique_ptr<worker>> all;
    std::vector<std::thread> threads;
    std::vector<int> got(workers), late(workers);
    for (int i = 0; i < workers; ++i) {
        all.push_back(std::make_unique<worker>(static_cast<unsigned>(i)));
        for (int k = 0; k < each; ++k)
            all.back()->group().spawn(wait_for_result(shared, soon(), got[static_cast<std::size_t>(i)],
                                                      late[static_cast<std::size_t>(i)]));
        threads.emplace_back([&w = *all.back()] {
            w.loop().run(); // ends when no coroutine waits any more
        });
    }
    shared->set("token");
    for (auto& t : threads)
        t.join();
    EXPECT_EQ(std::vector<int>(workers, each), got);
}

TEST(SharedWait, LetsALateOrCancelledWaiterGoWithoutTheOthers) {
    worker w;
    const auto shared = std::make_shared<shared_wait<std::string>>();
    task_group impatient(w.executor());
    int got = 0, late = 0, unused = 0;
    impatient.spawn(wait_for_result(shared, soon(), unused, unused));
    w.group().spawn(wait_for_result(shared, in(1), got, late));
    w.group().spawn(wait_for_result(shared, soon(), got, late));
    turn_until(w, [&] { return late == 1; });
    impatient.cancel();
    EXPECT_TRUE(run_on(w, impatient.wait_empty(soon())));
    std::thread([&] { shared->set("token"); }).join();
    EXPECT_TRUE(run_on(w, w.group().wait_empty(soon())));
    EXPECT_EQ(1, got);
    EXPECT_EQ(0, unused);
    EXPECT_EQ("token", shared->peek());
}

TEST(Buffer, GrowsOnDemandUpToItsBoundAndShrinksWhenIdle) {
    buffer b(8 * 1024);
    EXPECT_EQ(0U, b.capacity_bytes());
    std::size_t total = 0;
    for (auto room = b.prepare(); !room.empty(); room = b.prepare()) {
        std::fill(room.begin(), room.end(), 'x');
        b.commit(room.size());
        total += room.size();
    }
    EXPECT_EQ(8U * 1024, total);
    b.consume(100);
    EXPECT_EQ(100U, b.prepare().size());
    b.shrink();
    EXPECT_EQ(8U * 1024, b.capacity_bytes()); // kept because it holds bytes
    b.consume(b.size());
    b.shrink();
    EXPECT_EQ(0U, b.capacity_bytes());
}

TEST(Worker, ServesAlsoWhenAStepOfTheStartLeftItsLoopStopped) {
    worker w;
    w.loop().stop(); // like the end of the last work of a loop without a guard
    std::promise<void> served;
    boost::asio::post(w.executor(), [&] { served.set_value(); });
    std::thread thread([&] { w.run(); });
    EXPECT_EQ(served.get_future().wait_for(seconds{10}), std::future_status::ready);
    w.stop();
    thread.join();
}

} // namespace
} // namespace gateway
