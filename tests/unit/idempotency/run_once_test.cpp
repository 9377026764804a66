// A write with a key, over the real store, with rows of the test: after a crash the key is answered or freed
// as its row says.
#include "idempotency/run_once.hpp"

#include "idempotency/recovery.hpp"
#include "runtime/waiter.hpp"
#include "store/store.hpp"
#include "telemetry/call_record.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <new>
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
std::optional<api::outcome> posted(const store::post_record& post, api::asked_of_ledger when) {
    if (post.status == "FAILED" && when == api::asked_of_ledger::after_crash) return std::nullopt;
    if (post.status == "FAILED") return api::outcome{failure{errc::post_failed, "TikTok failed it."}};
    if (post.state != store::post_state::settled)
        return api::outcome{failure{errc::outcome_unknown, "still unknown"}.post(post.id.text(), "/status")};
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

int tries_without_memory = 0;
int write_without_memory(std::string&, const api::outcome&, std::string_view) {
    ++tries_without_memory;
    throw std::bad_alloc();
}

class RunOnce : public ::testing::Test {
protected:
    const wall_time now = from_unix_ms(1'795'000'000'000);
    const api::row rows[2] = {changing_row(), posting_row()};
    const api::row& changes = rows[0];
    const api::row& posts = rows[1];
    int runs = 0;
    telemetry::call_record record;

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

    keyed_write under(const std::string& key, const api::row& row) {
        record.request_id = "request-1";
        return {.caller = caller_name::trusted("a"),
                .key = key,
                .fingerprint = std::string(32, 'f'),
                .record = record,
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
    /// A post of the call of key "k".
    store::post_record record_of_post() const {
        store::post_record post;
        post.attempt = "attempt-1";
        post.user = user_id::trusted("u");
        post.caller = caller_name::trusted("a");
        post.idempotency_key = "k";
        post.action = "TEST_POST";
        post.kind = "direct_photo";
        post.post_ids = "[]";
        post.created_at = post.updated_at = now;
        return post;
    }
    void write(const store::post_record& post) {
        ASSERT_TRUE(run_on(*loop, records->ledger.update(post, soon())).value());
    }
    /// Begins the post and fails, or succeeds without a failure.
    task<api::outcome> begin_a_post(std::optional<failure> why, std::string id) {
        ++runs;
        auto post = record_of_post();
        post.id = publish_id::trusted(std::move(id));
        const auto begun = co_await records->ledger.begin(post, soon());
        EXPECT_TRUE(begun && *begun);
        if (why) co_return *why;
        co_return api::answer{api::object{.json = "{}"}};
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
        const auto stored =
            run_on(*loop, records->keys.find(caller_name::trusted("a"), "k", now, soon())).value();
        ASSERT_TRUE(stored);
        EXPECT_EQ(stored->status, post.action == "TEST_POST" ? 200 : 409) << "no row knows that action";
        EXPECT_EQ(call(posts, succeed()),
                  R"(again: 200 {"data":{"publish_id":"p_pub_url~v2.1"},"error":null,"successful":true})")
            << "the row of the call knows";
        die();
        std::filesystem::remove(folder.file("keys.db"));
        start();
        runs = 0;
    }
}

TEST_F(RunOnce, DeathHAKeyInDoubtAnswersWithItsPostsEndAsSoonAsTheLedgerHasIt) {
    const auto lost = call(posts, begin_a_post(failure{errc::outcome_unknown, "lost"}, ""));
    EXPECT_TRUE(lost.starts_with("409 ")) << lost;
    EXPECT_EQ(call(posts, succeed()), "again: " + lost) << "nothing is known of its post";

    auto post = record_of_post();
    post.state = store::post_state::outcome_unknown;
    post.id = publish_id::trusted("p1");
    write(post);
    const auto named = call(posts, succeed());
    EXPECT_NE(named.find(R"({"data":{"publish_id":"p1","status_path":"/status"})"), std::string::npos)
        << named;
    EXPECT_NE(named.find("outcome_unknown"), std::string::npos) << named;

    post.state = store::post_state::settled;
    post.status = "PUBLISH_COMPLETE";
    write(post);
    EXPECT_EQ(call(posts, succeed()),
              R"(again: 200 {"data":{"publish_id":"p1"},"error":null,"successful":true})");
    EXPECT_TRUE(record.replayed);
    EXPECT_EQ(runs, 1);
}

TEST_F(RunOnce, P07AnAnswerIsStoredOnTheSecondTryOrItsKeyStaysClaimed) {
    auto row = posting_row();
    row.recovers.write = write_without_memory;
    tries_without_memory = 0;
    const auto first = call(row, succeed());
    EXPECT_TRUE(first.starts_with("200 ")) << "the caller has its answer: " << first;
    EXPECT_EQ(tries_without_memory, 2);
    const auto again = call(posts, succeed());
    EXPECT_NE(again.find(R"("code":"in_progress")"), std::string::npos) << again;
    EXPECT_EQ(runs, 1);
}

TEST_F(RunOnce, DeathHADoubtThatTheLedgerKnowsNoMoreOfIsToldInTheSameWords) {
    const failure named = failure{errc::outcome_unknown, "lost"}.post("p1", "/status");
    const failure unreachable = failure{errc::tiktok_unreachable, "lost"}.may_have_reached_tiktok();
    for (const auto& doubt : {named, unreachable}) {
        const auto first = call(posts, begin_a_post(doubt, "p1"));
        auto post = record_of_post();
        post.state = store::post_state::outcome_unknown;
        post.id = publish_id::trusted("p1");
        write(post);
        EXPECT_EQ(call(posts, succeed()), "again: " + first);
        die();
        std::filesystem::remove(folder.file("keys.db"));
        start();
    }
}

TEST_F(RunOnce, DeathHAPostThatTikTokHasFailedIsToldUnderItsKeyAndNeverMadeAgain) {
    call(posts, begin_a_post(failure{errc::tiktok_unreachable, "lost"}.may_have_reached_tiktok(), "p1"));
    auto post = record_of_post();
    post.id = publish_id::trusted("p1");
    post.state = store::post_state::settled;
    post.status = "FAILED";
    write(post);
    for (int times = 0; times < 2; ++times) {
        const auto told = call(posts, succeed());
        EXPECT_TRUE(told.starts_with("again: 409 ")) << told;
        EXPECT_NE(told.find(R"("code":"post_failed")"), std::string::npos) << told;
    }
    EXPECT_EQ(runs, 1);
}

TEST_F(RunOnce, DeathHAnAnswerThatWasKnownIsNeverMadeAnew) {
    const auto first = call(posts, begin_a_post({}, "p1"));
    EXPECT_TRUE(first.starts_with("200 ")) << first;
    auto post = record_of_post();
    post.id = publish_id::trusted("p1");
    post.state = store::post_state::settled;
    post.status = "FAILED";
    write(post);
    EXPECT_EQ(call(posts, succeed()), "again: " + first);
}

TEST_F(RunOnce, DeathHACallThatRunsNamesItsPost) {
    loop->group().spawn(call_without_end(posts));
    turn_until(*loop, [this] { return runs > 0; });
    const auto unnamed = call(posts, succeed());
    EXPECT_NE(unnamed.find(R"({"data":{},)"), std::string::npos) << unnamed;
    auto post = record_of_post();
    post.id = publish_id::trusted("p1");
    ASSERT_TRUE(run_on(*loop, records->ledger.begin(post, soon())).value());
    const auto named = call(posts, succeed());
    EXPECT_NE(named.find(R"("code":"in_progress")"), std::string::npos) << named;
    EXPECT_NE(named.find(R"({"data":{"publish_id":"p1","status_path":"/v1/users/u/posts/p1"})"),
              std::string::npos)
        << named;
    EXPECT_EQ(runs, 1);
}

TEST_F(RunOnce, DeathAWhatAKeyHasAnsweredIsFoundWithoutAClaim) {
    const auto look = [this] { return run_on(*loop, keys->earlier(under("k", changes))); };
    EXPECT_FALSE(look());
    EXPECT_FALSE(record.replayed);
    const auto first = call(changes, succeed());
    const auto again = look();
    ASSERT_TRUE(again);
    const auto* replay = std::get_if<api::replay>(&*again);
    ASSERT_TRUE(replay);
    EXPECT_EQ("200 " + replay->envelope, first);
    EXPECT_TRUE(record.replayed);
    auto other = under("k", changes);
    other.fingerprint = std::string(32, 'g');
    const auto refused = run_on(*loop, keys->earlier(std::move(other)));
    ASSERT_TRUE(refused);
    EXPECT_EQ(std::get<failure>(*refused).code(), errc::idempotency_key_reused);
    EXPECT_EQ(runs, 1);
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
