// Shares of TikTok's windows between replicas, on a real database and through shared_windows.
#include "limits/window.hpp"
#include "postgresql/shared_server.hpp"
#include "windows/shared_windows.hpp"

#include <mutex>

namespace gateway::testing {
namespace {

const store::window_name window{"ann", 3};

store::window_request request_for(std::uint32_t wanted, std::uint32_t used = 0, milliseconds frees_in = {}) {
    return {window, wanted, used, 6, milliseconds{60'000}, frees_in};
}

class wanted_ear final : public store::change_listener {
public:
    explicit wanted_ear(store::store& at) : at_(at) { at_.on().listen(*this); }
    ~wanted_ear() override { at_.on().stop_listening(*this); }
    void changed(const store::change& what) override {
        if (what.what == store::change::kind::connection) return;
        const std::lock_guard lock(mutex_);
        heard_ = what.window().key + "/" + std::to_string(what.window().kind);
        if (what.what == store::change::kind::window_closed) heard_ += " closed";
    }
    void feed_connected(bool is) override { touch = is; }
    std::string heard() const {
        const std::lock_guard lock(mutex_);
        return heard_;
    }
    std::atomic<bool> touch{false};

private:
    store::store& at_;
    mutable std::mutex mutex_;
    std::string heard_;
};

bool is_permit(const windows::shared_windows::taken& got) {
    return std::holds_alternative<limits::permit>(got);
}

/// One replica with its store, windows and share.
struct replica {
    replica(worker& home, std::unique_ptr<store::store> opened)
        : at(std::move(opened)), windows(home, at->on(), at->windows, table) {}
    bool take(worker& loop, const std::string& key = "ann") {
        auto got = windows.take(key, 3, steady_now(), soon());
        if (std::holds_alternative<windows::must_ask>(got)) got = run_on(loop, windows.ask(key, 3, soon()));
        if (auto* slot = std::get_if<limits::permit>(&got)) slot->settle(steady_now());
        return is_permit(got);
    }
    /// Longer than its own slots could make it.
    bool is_closed(const std::string& key = "ann") const {
        return table.status(key, 3, steady_now()).remaining == 0;
    }
    std::unique_ptr<store::store> at;
    limits::window_table table{std::vector<limits::window_rule>(4, {6, milliseconds{60'000}})};
    windows::shared_windows windows;
};

} // namespace

TEST_F(PostgresqlStore, L07GrantsNoMoreThanTheLimitAndTellsTheOthersWhatIsWanted) {
    const auto one = open(), two = open();
    wanted_ear theirs(*one);
    turn_until(loop, [&] { return theirs.touch.load(); });
    const auto granted = run(one->windows.take(request_for(4, 4, seconds{30}), soon()));
    EXPECT_EQ(granted.capacity, 4U);
    EXPECT_EQ(run(two->windows.take(request_for(2), soon())).capacity, 2U);
    EXPECT_EQ(theirs.heard(), "");
    const auto left = run(two->windows.take(request_for(5), soon()));
    EXPECT_EQ(left.capacity, 2U);
    EXPECT_EQ(left.others, 4U);
    EXPECT_GT(left.free_after, seconds{25});
    turn_until(loop, [&] { return theirs.heard() == "ann/3"; });
    run(one->windows.give_back(window, granted.granted_as, 1, seconds{1}, soon()));
    EXPECT_EQ(run(two->windows.take(request_for(5), soon())).capacity, 5U);
    EXPECT_EQ(run(one->windows.take(request_for(6), soon())).capacity, 1U);
}

TEST_F(PostgresqlStore, L07KeepsTheSlotsOfAReplicaThatIsGoneForAWindowAndOfADeadOneForAllItMayHaveUsed) {
    auto one = open();
    const auto two = open();
    EXPECT_EQ(run(one->windows.take(request_for(4), soon())).capacity, 4U);
    pass_time(schema.name(), seconds{100}); // it is silent
    const auto granted = run(two->windows.take(request_for(6), soon()));
    EXPECT_EQ(granted.capacity, 2U);
    run(two->windows.give_back(window, granted.granted_as, 0, milliseconds{0}, soon()));
    one.reset(); // deregisters: its used slots are free in a minute
    sql("UPDATE window_shares SET held_until = held_until - 61000 WHERE capacity = 4");
    EXPECT_EQ(run(two->windows.take(request_for(6), soon())).capacity, 6U);
}

TEST_F(PostgresqlStore, L07AReturnThatComesLateTakesNothingFromANewerGrant) {
    const auto one = open(), two = open();
    const auto before = run(one->windows.take(request_for(2), soon()));
    pass_time(schema.name(), milliseconds{1});
    EXPECT_EQ(run(one->windows.take(request_for(4), soon())).capacity, 4U);
    run(one->windows.give_back(window, before.granted_as, 0, milliseconds{0}, soon()));
    EXPECT_EQ(run(two->windows.take(request_for(6), soon())).capacity, 2U);
}

TEST_F(PostgresqlStore, L07SaysWhenTheSlotsOfADeadReplicaAreFree) {
    const auto one = open(), two = open();
    EXPECT_EQ(run(one->windows.take(request_for(6), soon())).capacity, 6U);
    EXPECT_EQ(run(two->windows.take(request_for(1), soon())).free_after, seconds{0})
        << "it may give some back";
    sql("UPDATE store_instances SET alive_until = 0");
    EXPECT_GT(run(two->windows.take(request_for(1), soon())).free_after, seconds{200});
}

TEST_F(PostgresqlStore, L07CountsHeirsAsNoReplicas) {
    const auto one = open(), two = open();
    run(one->on().beat(soon()));
    EXPECT_EQ(one->on().replicas()->count, 2U);
    sql("INSERT INTO store_instances (owner, alive_until) VALUES ('heir', 9000000000000)");
    run(one->on().beat(soon()));
    EXPECT_EQ(one->on().replicas()->count, 2U);
}

TEST_F(PostgresqlStore, U07AWindowThatTikTokClosedIsClosedForAllReplicas) {
    const auto one = open(), two = open();
    wanted_ear theirs(*two);
    turn_until(loop, [&] { return theirs.touch.load(); });
    run(one->windows.close(window, 6, seconds{30}, soon()));
    turn_until(loop, [&] { return theirs.heard() == "ann/3 closed"; });
    const auto left = run(two->windows.take(request_for(1), soon()));
    EXPECT_EQ(left.capacity, 0U);
    EXPECT_GT(left.free_after, seconds{25});
    sql("UPDATE window_shares SET held_until = 0");
    EXPECT_EQ(run(two->windows.take(request_for(1), soon())).capacity, 1U);
}

TEST_F(PostgresqlStore, U07AReplicaWithAShareInHandStopsWhenAnotherHears429) {
    replica one(loop, open()), two(loop, open());
    wanted_ear theirs(*two.at);
    turn_until(loop, [&] { return theirs.touch.load(); });
    ASSERT_TRUE(one.take(loop));
    ASSERT_TRUE(two.take(loop));
    one.windows.announce_closed("ann", 3, seconds{30});
    turn_until(loop, [&] { return theirs.heard() == "ann/3 closed"; });
    turn_until(loop, [&] { return two.is_closed(); }); // it reads the row
    EXPECT_FALSE(two.take(loop));
    EXPECT_TRUE(two.take(loop, "ben"));
}

TEST_F(PostgresqlStore, L07TwoReplicasUseAWindowToItsEndWhicheverIsAsked) {
    replica one(loop, open()), two(loop, open());
    wanted_ear ours(*one.at), theirs(*two.at);
    turn_until(loop, [&] { return ours.touch && theirs.touch; });
    int had = 0;
    for (int i = 0; i < 6; ++i)
        had += (i % 3 == 0 ? two : one).take(loop);
    EXPECT_EQ(had, 6);
    EXPECT_FALSE(one.take(loop));
    EXPECT_FALSE(two.take(loop));
    EXPECT_TRUE(two.take(loop, "ben")) << "another user has a window of their own";
}

TEST_F(PostgresqlStore, L06TheShareInHandGoesOnAndTheRestWaitsWhileTheStoreIsAway) {
    harness::postgresql_server own;
    replica one(loop, open_at(own.url("gateway")));
    ASSERT_TRUE(one.take(loop));
    const auto granted = run(one.at->windows.take(request_for(6), soon())).capacity;
    EXPECT_EQ(granted, 6U);
    own.stop();
    EXPECT_FALSE(one.take(loop, "ben")) << "nobody knows what the others use";
    const auto away = run_on(loop, one.windows.ask("ben", 3, soon()));
    ASSERT_TRUE(std::holds_alternative<windows::store_unavailable>(away));
    own.start();
    turn_until(loop, [&] { return one.take(loop, "ben"); });
}

} // namespace gateway::testing
