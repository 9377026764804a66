// A write with a key, over the real store, with rows of the test: after a crash the key is answered or freed
// as its row says.
#include "idempotency/run_once.hpp"

#include "idempotency/recovery.hpp"
#include "runtime/waiter.hpp"
#include "store/store.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>

namespace gateway::idempotency {
namespace {

using gateway::testing::run_on;
using gateway::testing::soon;
using gateway::testing::turn_until;

task<result<api::answer>> change_something(api::call&) {
    co_return api::answer{api::accepted{}};
}
task<result<api::answer>> post_something(api::call&, posts::publisher&) {
    co_return api::answer{api::accepted{}};
}
std::optional<api::outcome> posted(const store::post_record& post) {
    if (post.status == "FAILED") return std::nullopt;
    return api::outcome{api::answer{api::object{.json = "{\"publish_id\":\"" + post.id.text() + "\"}"}}};
}

/// A row that takes a key and begins no post, so the ledger has nothing about its calls.
api::row changing_row() {
    return {.slug = "TEST_CHANGE", .writes = true, .replays = true, .run = change_something};
}
/// A row that begins a post before anything is sent.
api::row posting_row() {
    return {.slug = "TEST_POST",
            .writes = true,
            .replays = true,
            .recovers = {.from_post = posted},
            .run = post_something};
}

class RunOnce : public ::testing::Test {
protected:
    const wall_time now = from_unix_ms(1'795'000'000'000);
    const api::row rows[2] = {changing_row(), posting_row()};
    const api::row& changes = rows[0];
    const api::row& posts = rows[1];
    int runs = 0;

    RunOnce() { start(); }
    ~RunOnce() override { die(); }

    void start() {
        loop = std::make_unique<worker>();
        records = *store::open_store("sqlite:" + folder.file("keys.db"));
        keys = std::make_unique<runner>(records->keys);
    }
    /// Like kill -9: the running call gets no answer.
    void die() {
        loop.reset();
        keys.reset();
        records.reset();
    }

    keyed_write under(const std::string& key, const api::row& row) const {
        return {.caller = caller_name::trusted("a"),
                .key = key,
                .fingerprint = std::string(32, 'f'),
                .request_id = "request-1",
                .recovers = row.recovers,
                .now = now,
                .until = soon()};
    }
    /// The status and the envelope; with `again: ` before a replay.
    std::string call(const api::row& row, task<api::outcome> write) {
        const auto out = run_on(*loop, keys->run_once(under("k", row), std::move(write)));
        std::string text;
        const int status = api::write_envelope(text, out, "request-1");
        return (std::holds_alternative<api::replay>(out) ? "again: " : "") + std::to_string(status) + " "
               + text;
    }
    task<api::outcome> succeed() {
        ++runs;
        co_return api::answer{api::object{.json = "{\"run\":" + std::to_string(runs) + "}"}};
    }
    task<api::outcome> fail(failure why) {
        ++runs;
        co_return why;
    }
    task<api::outcome> meet_a_bug() {
        ++runs;
        if (runs > 0) throw std::runtime_error("a bug");
        co_return api::answer{api::accepted{}};
    }
    task<api::outcome> never_end() {
        ++runs;
        co_await pause_until(deadline::in(steady_now(), std::chrono::hours{1}));
        co_return api::answer{api::accepted{}};
    }
    task<void> call_without_end(const api::row& row) {
        auto write = never_end();
        auto what = under("k", row);
        const auto out = co_await keys->run_once(std::move(what), std::move(write));
        static_cast<void>(out);
    }
    /// The process crashes in the middle of a write, is started again, and recovers.
    recovered_keys die_in_the_middle_of(const api::row& row) {
        loop->group().spawn(call_without_end(row));
        turn_until(*loop, [this] { return runs > 0; });
        die();
        start();
        return run_on(*loop, recover_keys(records->keys, std::span(rows), soon())).value();
    }

    gateway::testing::temporary_folder folder;
    std::unique_ptr<worker> loop;
    std::unique_ptr<store::store> records;
    std::unique_ptr<runner> keys;
};

TEST_F(RunOnce, I03ARepeatedCallIsGivenTheFirstAnswerAndIsNotRun) {
    const std::string first = R"(200 {"data":{"run":1},"error":null,"successful":true})";
    EXPECT_EQ(call(changes, succeed()), first);
    EXPECT_EQ(call(changes, succeed()), "again: " + first);
    EXPECT_EQ(runs, 1);
}

TEST_F(RunOnce, ARefusalWithoutEffectFreesTheKey) {
    const auto refused = call(changes, fail({errc::not_ready, "not yet"}));
    EXPECT_TRUE(refused.starts_with("409 ")) << refused;
    EXPECT_TRUE(call(changes, succeed()).starts_with("200 "));
    EXPECT_EQ(runs, 2);
}

TEST_F(RunOnce, ABugInTheMiddleOfAWriteIsItsAnswerAndStaysSo) {
    const auto fault = call(changes, meet_a_bug());
    EXPECT_TRUE(fault.starts_with("500 ")) << fault;
    EXPECT_EQ(call(changes, succeed()), "again: " + fault);
    EXPECT_EQ(runs, 1);
}

TEST_F(RunOnce, I04ARowThatBeginsNoPostAnswersOutcomeUnknownAfterACrashAndIsNotRunAgain) {
    const auto recovered = die_in_the_middle_of(changes);
    EXPECT_EQ(recovered.answered, 1U);
    EXPECT_EQ(recovered.freed, 0U);
    const auto again = call(changes, succeed());
    EXPECT_TRUE(again.starts_with("again: 409 ")) << again;
    EXPECT_NE(again.find(R"("code":"outcome_unknown")"), std::string::npos) << again;
    EXPECT_EQ(runs, 1);
}

TEST_F(RunOnce, I04ARowThatBeginsItsPostFirstIsFreeAgainWhereItHadBegunNone) {
    const auto recovered = die_in_the_middle_of(posts);
    EXPECT_EQ(recovered.answered, 0U);
    EXPECT_EQ(recovered.freed, 1U);
    EXPECT_TRUE(call(posts, succeed()).starts_with("200 "));
    EXPECT_EQ(runs, 2);
}

TEST_F(RunOnce, I04TheAnswerOfADeadCallIsMadeByTheRowThatBeganItsPost) {
    store::post_record post;
    post.attempt = "attempt-1";
    post.user = user_id::trusted("u");
    post.caller = caller_name::trusted("a");
    post.idempotency_key = "k";
    post.kind = "direct_photo";
    post.state = store::post_state::settled;
    post.id = publish_id::trusted("p_pub_url~v2.1");
    post.post_ids = "[]";
    for (const char* action : {"TEST_POST", "TEST_OF_ANOTHER_TIME"}) {
        loop->group().spawn(call_without_end(posts));
        turn_until(*loop, [this] { return runs > 0; });
        post.action = action;
        post.created_at = post.updated_at = now;
        ASSERT_TRUE(run_on(*loop, records->ledger.begin(post, soon())).value());
        die();
        start();
        EXPECT_EQ(run_on(*loop, recover_keys(records->keys, std::span(rows), soon())).value().answered, 1U);
        const auto again = call(posts, succeed());
        if (post.action == "TEST_POST")
            EXPECT_EQ(
                again,
                R"(again: 200 {"data":{"publish_id":"p_pub_url~v2.1"},"error":null,"successful":true})");
        else // the answer can no longer be found out
            EXPECT_NE(again.find("outcome_unknown"), std::string::npos) << again;
        die();
        std::filesystem::remove(folder.file("keys.db"));
        start();
        runs = 0;
    }
}

TEST(Recovery, ARowThatCannotPostMayNotPromiseThatItBeginsOne) {
    const api::row good[] = {changing_row(), posting_row()};
    EXPECT_NO_THROW(check_recovery(good));
    api::row lying[] = {changing_row()};
    lying[0].recovers.from_post = posted;
    EXPECT_THROW(check_recovery(lying), std::logic_error);
    api::row without_keys[] = {posting_row()};
    without_keys[0].replays = false;
    EXPECT_THROW(check_recovery(without_keys), std::logic_error);
}

TEST(Remembering, OnlyWhatMayHaveHadAnEffectIsKept) {
    EXPECT_TRUE(must_be_remembered(failure{errc::outcome_unknown, ""}));
    EXPECT_TRUE(must_be_remembered(failure{errc::tiktok_unreachable, ""}.may_have_reached_tiktok()));
    EXPECT_FALSE(must_be_remembered(failure{errc::tiktok_unreachable, ""}));
    EXPECT_FALSE(must_be_remembered(failure{errc::invalid_input, ""}.retry_after(seconds{1})));
}

} // namespace
} // namespace gateway::idempotency
