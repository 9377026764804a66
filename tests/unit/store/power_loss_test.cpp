// After a power failure at any moment, acknowledged data is there when the store is opened again (T07),
// whatever happened to bytes that were not synced.
#include "store/store.hpp"
#include "unit/store/lossy_disk.hpp"
#include "unit/store/store_fixture.hpp"

namespace gateway::testing {
namespace {

class PowerLoss : public ::testing::Test {
protected:
    template <class T>
    T run(task<result<T>> call) {
        auto out = run_on(loop, std::move(call));
        if (!out) throw std::runtime_error(out.error().message());
        if constexpr (!std::is_void_v<T>) return std::move(*out);
    }
    void open() { at = *store::open_store("sqlite:" + (home / "gateway.db").string()); }

    /// Opens the two possible states of the disk after a power failure now, and checks them.
    template <class Look>
    void after_a_loss(Look look) {
        for (const auto what : {lossy_disk::unsynced::lost, lossy_disk::unsynced::by_chance}) {
            const auto there = home.parent_path() / ("image" + std::to_string(++images));
            disk.image(home, there, what, dice);
            const auto opened = store::open_store("sqlite:" + (there / "gateway.db").string());
            ASSERT_TRUE(opened) << opened.error().message();
            look(**opened);
        }
    }
    void expect_pair(const std::string& name, std::uint64_t version, bool has_previous) {
        after_a_loss([&](store::store& found) {
            const auto record = run(found.connections.find(user(name), soon()));
            ASSERT_TRUE(record) << name;
            EXPECT_EQ(record->version, version) << name;
            EXPECT_EQ(record->sealed_tokens, connection(name, version).sealed_tokens);
            EXPECT_EQ(run(found.connections.kept_tokens(user(name), soon())).size(), has_previous ? 1U : 0U);
        });
    }

    static store::idempotency_record key_named(const std::string& name) {
        store::idempotency_record key;
        key.caller = caller("shop");
        key.key = name;
        key.fingerprint = std::string(32, '\0');
        key.created_at = at_second(0);
        key.expires_at = at_second(86'400);
        return key;
    }
    static store::post_record post_under(const store::idempotency_record& key) {
        store::post_record post;
        post.attempt = "attempt of " + key.key;
        post.user = user("ann");
        post.caller = key.caller;
        post.idempotency_key = key.key;
        post.post_ids = "[]";
        return post;
    }

    temporary_folder folder;
    const std::filesystem::path home = std::filesystem::path(folder.file("home"));
    std::mt19937 dice{20261125};
    int images = 0;
    worker loop;
    lossy_disk disk; // created before the store and destroyed after it
    std::unique_ptr<store::store> at;
};

TEST_F(PowerLoss, T07NoAcknowledgedPairIsLostAndNoIntentForgotten) {
    std::filesystem::create_directory(home);
    open();
    for (int i = 0; i < 5; ++i) {
        const auto name = "user" + std::to_string(i);
        ASSERT_TRUE(run(at->connections.put(connection(name, 1), 0, {}, soon())));
        expect_pair(name, 1, false);
        const auto held = *run(at->refreshes.take_lease(user(name), milliseconds{60'000}, soon()));
        ASSERT_EQ(run(at->refreshes.begin(held, 1, soon())), store::refresh_begin::begun);
        after_a_loss([&](store::store& found) {
            EXPECT_EQ(run(found.refreshes.unfinished("app", soon())).size(), 1U)
                << "durable before the request";
        });
        ASSERT_EQ(run(at->refreshes.finish(held, connection(name, 2), 1, soon())),
                  store::refresh_end::stored);
        expect_pair(name, 2, true);
    }
}

TEST_F(PowerLoss, T07AnAcknowledgedKeyAndPostAreThereSoNothingIsPostedTwice) {
    std::filesystem::create_directory(home);
    open();
    for (int i = 0; i < 5; ++i) {
        auto key = key_named("key" + std::to_string(i));
        ASSERT_FALSE(run(at->keys.claim(key, at_second(0), soon())));
        auto post = post_under(key);
        ASSERT_TRUE(run(at->ledger.begin(post, soon())));
        after_a_loss([&](store::store& found) {
            EXPECT_EQ(run(found.ledger.find_attempt(post.attempt, soon()))->state, store::post_state::begun);
            EXPECT_TRUE(run(found.keys.claim(key, at_second(1), soon()))) << "somebody has it";
        });
        post.state = store::post_state::settled;
        ASSERT_TRUE(run(at->ledger.update(post, soon())));
        key.status = 200;
        key.answer = "{}";
        run(at->keys.finish(key, soon()));
        after_a_loss([&](store::store& found) {
            EXPECT_EQ(run(found.ledger.find_attempt(post.attempt, soon()))->state,
                      store::post_state::settled);
            const auto first = run(found.keys.claim(key, at_second(1), soon()));
            ASSERT_TRUE(first);
            EXPECT_TRUE(first->finished);
        });
    }
}

TEST_F(PowerLoss, T07AKeyedWriteWaitsForTheDiskTwiceAndLosesNothingBetween) {
    std::filesystem::create_directory(home);
    open();
    auto key = key_named("warm");
    run(at->keys.claim(key, at_second(0), soon()));
    run(at->keys.forget(key, soon())); // so that the log has its header
    key = key_named("key");
    const auto before = disk.syncs;
    ASSERT_FALSE(run(at->keys.claim(key, at_second(0), soon())));
    EXPECT_EQ(disk.syncs - before, 0U) << "nothing has been sent";
    auto post = post_under(key);
    ASSERT_TRUE(run(at->ledger.begin(post, soon())));
    EXPECT_EQ(disk.syncs - before, 1U);
    post.state = store::post_state::settled;
    ASSERT_TRUE(run(at->ledger.update(post, soon(), store::durable::with_the_next)));
    EXPECT_EQ(disk.syncs - before, 1U);
    after_a_loss([&](store::store& found) {
        EXPECT_TRUE(run(found.ledger.find_attempt(post.attempt, soon()))) << "as begun, or as settled";
        EXPECT_FALSE(run(found.keys.claim(key, at_second(1), soon()))->finished);
    });
    key.status = 200;
    key.answer = "{}";
    const auto looked = disk.syncs;
    run(at->keys.finish(key, soon()));
    EXPECT_EQ(disk.syncs - looked, 1U) << "for both";
    after_a_loss([&](store::store& found) {
        EXPECT_EQ(run(found.ledger.find_attempt(post.attempt, soon()))->state, store::post_state::settled);
        EXPECT_TRUE(run(found.keys.claim(key, at_second(1), soon()))->finished);
    });
}

} // namespace
} // namespace gateway::testing
