// What a replica does about windows that others have closed. Over a real database:
// tests/postgresql/windows_test.cpp.
#include "windows/shared_windows.hpp"

#include "unit/windows/closed_windows.hpp"

namespace gateway::testing {
namespace {

TEST_F(ClosedWindows, P07AuditSAuditMALookThatEndsWithAnExceptionIsTakenAgain) {
    use("ann");
    use("bob");
    on.throws = 1;
    report_closed("ann");
    turn_until(home, [&] { return home.faults() == 1; });
    EXPECT_FALSE(is_closed("ann"));
    report_closed("bob");
    turn_until(home, [&] { return is_closed("ann") && is_closed("bob"); });
    EXPECT_EQ(on.asked, 3);
}

TEST_F(ClosedWindows, U07DeathDACallIsRefusedWithTheWaitAndTheStoreIsNotAsked) {
    use("ann");
    table.close_until("ann", 1, steady_now(), steady_now() + seconds{30});
    for (int i = 0; i < 100; ++i) {
        const auto got = windows.take("ann", 1, steady_now(), soon());
        ASSERT_TRUE(std::holds_alternative<limits::no_slot>(got));
        const auto& refused = std::get<limits::no_slot>(got);
        EXPECT_GT(refused.wait, seconds{25});
        EXPECT_EQ(refused.status.limit, 6U);
        EXPECT_EQ(refused.status.remaining, 0U);
    }
    EXPECT_EQ(on.asked, 0);
}

TEST_F(ClosedWindows, U07DeathDAShareThatIsGrantedForAClosedWindowEndsTheAsking) {
    const auto got = run_on(home, windows.ask("ann", 1, soon()));
    ASSERT_TRUE(std::holds_alternative<limits::no_slot>(got)) << "the store says that it is closed";
    EXPECT_EQ(on.asked, 1);
    EXPECT_TRUE(is_closed("ann"));
}

TEST_F(ClosedWindows, U07DeathDACloseIsToldUntilTheStoreHasIt) {
    on.throws = 1;
    windows.announce_closed("ann", 1, seconds{30});
    windows.announce_closed("ann", 1, seconds{20});
    turn_until(home, [&] { return on.asked == 2; });
    windows.announce_closed("bob", 1, seconds{30});
    turn_until(home, [&] { return on.asked == 3; });
    EXPECT_EQ(home.faults(), 1U);
}

TEST_F(ClosedWindows, U07DeathDAStoreThatIsAwayIsToldLessAndLessOften) {
    on.fails = 3;
    const auto began = steady_now();
    windows.announce_closed("ann", 1, seconds{30});
    turn_until(home, [&] { return on.asked == 4; });
    EXPECT_GE(steady_now() - began, milliseconds{1'700}) << "pauses of 250, 500 and 1,000 ms";
}

TEST_F(ClosedWindows, U07DeathDACloseThatIsOverIsToldNoMore) {
    on.throws = 1;
    windows.announce_closed("ann", 1, milliseconds{50});
    turn_until(home, [&] { return home.faults() == 1; });
    windows.announce_closed("bob", 1, seconds{30}); // after it, by the same coroutine
    turn_until(home, [&] { return on.asked == 2; });
    home.loop().restart();
    home.loop().run_for(milliseconds{50});
    EXPECT_EQ(on.asked, 2) << "bob's alone";
}

class Shares : public ClosedWindows {
protected:
    /// Keeps the slots that this replica may take without asking, and counts them.
    std::size_t take_all(const std::string& key) {
        const auto before = slots.size();
        for (;;) {
            auto got = windows.take(key, 1, steady_now(), soon());
            auto* const slot = std::get_if<limits::permit>(&got);
            if (slot == nullptr) return slots.size() - before;
            slots.push_back(std::move(*slot));
        }
    }
    task<void> ask(std::string key) {
        auto got = co_await windows.ask(std::move(key), 1, soon());
        if (auto* const slot = std::get_if<limits::permit>(&got)) slots.push_back(std::move(*slot));
    }
    void ask_now(const std::string& key) {
        home.group().spawn(ask(key));
        turn_until(home, [this] { return home.group().size() == 0; });
    }
    std::vector<limits::permit> slots;
};

/// The store may have done what it was asked for, and given the rest to others.
TEST_F(Shares, DeathDAfterALostAnswerAShareIsNoMoreThanWhatWasAskedFor) {
    on.grant(6);
    ask_now("ann");
    ASSERT_EQ(slots.size(), 1U);
    on.loses = 1;
    ask_now("ann");
    take_all("ann");
    EXPECT_EQ(slots.size(), 2U) << "one was used, and one more was asked for";
    ask_now("ann");
    take_all("ann");
    EXPECT_EQ(slots.size(), 6U) << "granted again";
}

TEST_F(Shares, L06ThatTheStoreIsAwayIsToldAsSuch) {
    on.fails = 1;
    const auto got = run_on(home, windows.ask("ann", 1, soon()));
    ASSERT_TRUE(std::holds_alternative<windows::store_unavailable>(got));
    on.grant(6);
    turn_until(home, [this] {
        ask_now("ann");
        return slots.size() == 1;
    });
}

TEST_F(Shares, DeathDAnOrderlyEndGivesBackWhatNoRequestHolds) {
    on.grant(6);
    for (char key = 'a'; key <= 'j'; ++key)
        ask_now(std::string(1, key));
    on.holds = true;
    for (char key = 'a'; key <= 'e'; ++key)
        home.group().spawn(ask(std::string(1, key)));
    turn_until(home, [this] { return on.asked == 15; });
    home.group().spawn(windows.give_all_back(soon()));
    on.holds = false;
    turn_until(home, [this] { return home.group().size() == 0; });
    EXPECT_EQ(on.asked, 20) << "the other five are given back";
}

} // namespace
} // namespace gateway::testing
