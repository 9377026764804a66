// Replicas receive the notifications of the others, and a broken feed is not taken for a lack of changes.
#include "store/changes.hpp"

#include "postgresql/shared_server.hpp"
#include "unit/vault/vault_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>

namespace gateway::testing {
namespace {

class notebook final : public store::change_listener {
public:
    explicit notebook(store::store& at) : at_(at) { at_.on().listen(*this); }
    ~notebook() override { at_.on().stop_listening(*this); }

    void changed(const store::change& what) override {
        if (what.what != store::change::kind::connection) return;
        const std::lock_guard lock(mutex_);
        changed_.push_back(what.name + " " + std::to_string(what.number));
    }
    void feed_connected(bool is) override { touch = is; }

    std::size_t heard(const std::string& user) const {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(std::count(changed_.begin(), changed_.end(), user));
    }
    std::atomic<bool> touch{false};

private:
    store::store& at_;
    mutable std::mutex mutex_;
    std::vector<std::string> changed_;
};

vault::key_ring ring() {
    return *vault::key_ring::parse("a:" + to_base64(std::string(32, 'k')));
}

vault::fresh_tokens pair_of(const std::string& name) {
    vault::fresh_tokens out;
    out.access_token = secret("act." + name);
    out.refresh_token = secret("rft." + name);
    out.account = open_id::trusted("open-" + name);
    out.access_lifetime = seconds{7'200};
    out.refresh_lifetime = seconds{15'552'000};
    return out;
}

} // namespace

TEST_F(PostgresqlStore, TellsTheOtherReplicasOfEveryChangeOfAConnection) {
    const auto one = open(), two = open();
    notebook mine(*one), theirs(*two);
    turn_until(loop, [&] { return mine.touch && theirs.touch; });
    ASSERT_TRUE(run(one->connections.put(connection("ann", 1), 0, {}, soon())));
    turn_until(loop, [&] { return theirs.heard("ann 1") == 1; });
    const auto in_doubt = store::connection_state::refresh_in_doubt;
    ASSERT_TRUE(run(one->connections.set_state(user("ann"), 1, in_doubt, "lost", at_second(1), soon())));
    turn_until(loop, [&] { return theirs.heard("ann 1") == 2; });
    const auto held = run(one->refreshes.take_lease(user("ann"), milliseconds{60'000}, soon()));
    ASSERT_EQ(run(one->refreshes.finish(*held, connection("ann", 2), 1, soon())), store::refresh_end::stored);
    turn_until(loop, [&] { return theirs.heard("ann 2") == 1; });
    const auto account = open_id::trusted("open-ann");
    ASSERT_EQ(
        run(one->connections.revoke(account, "app", at_second(2), "removed", at_second(2), soon())).size(),
        1U);
    turn_until(loop, [&] { return theirs.heard("ann 0") == 1; });
    store::leaving_user ann{user("ann"), 2, "app", {}, {}};
    ann.pair.app = "app";
    ann.pair.account = account;
    ASSERT_EQ(run(one->connections.end(ann, at_second(3), soon())).what, store::connection_end::kind::alone);
    turn_until(loop, [&] { return theirs.heard("ann 0") == 2; });
    ASSERT_TRUE(run(two->connections.put(connection("zoe", 9), 0, {}, soon())));
    turn_until(loop, [&] { return mine.heard("zoe 9") == 1; });
    EXPECT_EQ(mine.heard("ann 1") + mine.heard("ann 0"), 0U) << "one's own are known already";
}

TEST_F(PostgresqlStore, TellsNothingToStoresInAnotherSchema) {
    temporary_folder other;
    const auto one = open(), apart = open_at(shared_server().url(other.name()));
    const auto two = open();
    notebook theirs(*two), strangers(*apart);
    turn_until(loop, [&] { return theirs.touch && strangers.touch; });
    ASSERT_TRUE(run(one->connections.put(connection("ann", 1), 0, {}, soon())));
    turn_until(loop, [&] { return theirs.heard("ann 1") == 1; });
    ASSERT_TRUE(run(apart->connections.put(connection("zoe", 1), 0, {}, soon())));
    EXPECT_EQ(strangers.heard("ann 1"), 0U);
}

TEST_F(PostgresqlStore, DoesNotTakeAChannelThatBringsNothingForSilence) {
    auto limits = few_connections();
    limits.silent_max = milliseconds{900}; // a heartbeat each 150 ms, the feed counts as broken after 300
    const auto at = open(limits);
    notebook mine(*at);
    turn_until(loop, [&] { return mine.touch.load(); });
    // Like a proxy that uses another connection for every transaction, so that the LISTEN is lost.
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
    turn_until(loop, [&] { return !mine.touch; });
    turn_until(loop, [&] { return mine.touch.load(); });
    sql("ALTER TABLE store_instances RENAME TO hidden"); // no heartbeat can be written any more
    turn_until(loop, [&] { return !mine.touch; });
}

TEST_F(PostgresqlStore, ADisconnectAndANewLoginAreKnownToTheOtherReplicaAtOnce) {
    const auto one = open(), two = open();
    auto here = vault_on(*one, ring());
    auto there = vault_on(*two, ring());
    notebook touch(*two);
    turn_until(loop, [&] { return touch.touch.load(); });
    run(here.save_grant(user("ann"), pair_of("1"), vault::account_change::allowed, {}, wall_now(), soon()));
    EXPECT_EQ(run(there.load(user("ann"), soon()))->access_token.reveal(), "act.1");
    turn_until(loop, [&] {
        static_cast<void>(run(there.load(user("ann"), soon())));
        return there.cached(user("ann")) != nullptr;
    });
    run(here.save_grant(user("ann"), pair_of("2"), vault::account_change::allowed, {}, wall_now(), soon()));
    turn_until(loop, [&] { return !there.cached(user("ann")); });
    EXPECT_EQ(run(there.load(user("ann"), soon()))->account.text(), "open-2");
    const auto seen = run(here.load(user("ann"), soon()));
    ASSERT_EQ(run(here.end(seen, false, milliseconds{0}, wall_now(), soon())).what,
              store::connection_end::kind::alone);
    turn_until(loop, [&] { return !run_on(loop, there.load(user("ann"), soon())); });
    EXPECT_EQ(there.cached(user("ann")), nullptr);
}

} // namespace gateway::testing
