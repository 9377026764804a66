// Ends of calls while a SQLite store's disk is full: they are kept in memory, answer their keys meanwhile,
// and are written when there is space again, at the latest when the store ends.
#include "store/store.hpp"
#include "unit/store/lossy_disk.hpp"
#include "unit/store/store_fixture.hpp"

namespace gateway::testing {
namespace {

class FullDisk : public ::testing::Test {
protected:
    FullDisk() {
        std::filesystem::create_directory(home);
        open();
    }

    void open() { at = *store::open_store("sqlite:" + (home / "gateway.db").string()); }
    template <class T>
    T run(task<result<T>> call) {
        auto out = run_on(loop, std::move(call));
        if (!out) throw std::runtime_error(out.error().message());
        if constexpr (!std::is_void_v<T>) return std::move(*out);
    }
    static store::idempotency_record key(const std::string& name) {
        store::idempotency_record out;
        out.caller = caller("shop");
        out.key = name;
        out.claim = "claim of " + name;
        out.fingerprint = std::string(32, '\0');
        out.created_at = at_second(0);
        out.expires_at = at_second(86'400);
        return out;
    }
    static store::post_record post(const std::string& name) {
        store::post_record out;
        out.attempt = "attempt of " + name;
        out.user = user("ann");
        out.caller = caller("shop");
        out.id = post_id("post of " + name);
        out.idempotency_key = name;
        out.post_ids = "[]";
        return out;
    }
    void begin(const std::string& name) {
        ASSERT_FALSE(run(at->keys.claim(key(name), at_second(0), soon())));
        ASSERT_TRUE(run(at->ledger.begin(post(name), soon())));
    }
    /// Ends the call's post and key; whether both could be written.
    bool end(const std::string& name) {
        auto ended = post(name);
        ended.state = store::post_state::settled;
        ended.status = "PROCESSING_UPLOAD";
        ended.size_bytes = 4711;
        const auto settled =
            run_on(loop, at->ledger.update(ended, soon(), store::durable::with_the_next)).has_value();
        auto answer = key(name);
        answer.finished = true;
        answer.status = 200;
        answer.answer = "answer of " + name;
        const auto finished = run_on(loop, at->keys.finish(answer, soon())).has_value();
        if (!finished) at->keys.finish_later(answer);
        EXPECT_EQ(settled, finished);
        return finished;
    }
    std::optional<store::idempotency_record> asked_again(const std::string& name) {
        auto again = key(name);
        again.claim = "a later claim";
        return run(at->keys.claim(again, at_second(1), soon()));
    }
    store::post_record row(const std::string& name) {
        return run(at->ledger.find_attempt(post(name).attempt, soon())).value_or(store::post_record{});
    }
    void expect_healed(const std::string& name) {
        const auto first = asked_again(name);
        ASSERT_TRUE(first) << "not to be done again";
        EXPECT_TRUE(first->finished) << name;
        EXPECT_EQ(first->status, 200);
        EXPECT_EQ(first->answer, "answer of " + name);
        EXPECT_EQ(row(name).state, store::post_state::settled);
        EXPECT_EQ(row(name).size_bytes, 4711U);
    }
    void all_are_written() {
        turn_until(loop, [this] { return at->late.counts().waiting == 0; });
        EXPECT_EQ(at->late.counts().lost, 0U);
    }

    temporary_folder folder;
    const std::filesystem::path home = std::filesystem::path(folder.file("home"));
    worker loop;
    lossy_disk disk; // created before the store and destroyed after it
    std::unique_ptr<store::store> at;
};

TEST_F(FullDisk, FaultQHowCallsEndedIsWrittenDownWhenThereIsRoomAgain) {
    std::vector<std::string> names;
    for (int i = 0; i < 20; ++i)
        begin(names.emplace_back("key" + std::to_string(i)));
    disk.is_full = true;
    for (const auto& name : names)
        EXPECT_FALSE(end(name));
    EXPECT_EQ(at->on().state().now, store::condition::disk_full);
    EXPECT_EQ(at->late.counts().waiting, 40U);
    EXPECT_EQ(row("key7").state, store::post_state::begun);
    disk.is_full = false;
    all_are_written();
    run(at->on().beat(soon())); // as the maintenance does
    EXPECT_EQ(at->on().state().now, store::condition::ok);
    for (const auto& name : names)
        expect_healed(name);
    at.reset();
    open();
    for (const auto& name : names)
        expect_healed(name);
    EXPECT_TRUE(run(at->ledger.abandoned(10, soon())).empty());
    EXPECT_TRUE(run(at->keys.abandoned(10, soon())).empty());
}

TEST_F(FullDisk, FaultQAKeyIsAnsweredFromMemoryWhileThereIsNoRoom) {
    begin("ended");
    begin("running");
    begin("refused");
    disk.is_full = true;
    EXPECT_FALSE(end("ended"));
    EXPECT_FALSE(run_on(loop, at->keys.forget(key("refused"), soon())));
    const auto first = asked_again("ended");
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->finished);
    EXPECT_EQ(first->answer, "answer of ended");
    EXPECT_EQ(first->fingerprint, key("ended").fingerprint) << "another request under it is still refused";
    for (const auto* name : {"running", "refused"}) {
        const auto other = asked_again(name);
        ASSERT_TRUE(other) << name;
        EXPECT_FALSE(other->finished) << name << ": what is to be forgotten is no answer";
    }
}

TEST_F(FullDisk, FaultQAKeyOfWhichNothingCameIsFreeWhenThereIsRoomAgain) {
    ASSERT_FALSE(run(at->keys.claim(key("refused"), at_second(0), soon())));
    disk.is_full = true;
    EXPECT_FALSE(run_on(loop, at->keys.forget(key("refused"), soon())));
    EXPECT_FALSE(run_on(loop, at->keys.claim(key("never"), at_second(0), soon())));
    disk.is_full = false;
    all_are_written();
    EXPECT_FALSE(asked_again("refused")) << "a new call may begin";
    EXPECT_FALSE(asked_again("never")) << "a claim that failed holds nothing";
}

TEST_F(FullDisk, FaultQAKeyThatAnotherClaimHoldsByThenIsLeftAlone) {
    ASSERT_FALSE(run(at->keys.claim(key("k"), at_second(0), soon())));
    disk.is_full = true;
    EXPECT_FALSE(run_on(loop, at->keys.forget(key("k"), soon())));
    EXPECT_FALSE(run_on(loop, at->keys.forget(key("k"), soon()))) << "said twice";
    disk.is_full = false;
    turn_until(loop, [this] { return at->late.counts().waiting < 2; });
    EXPECT_FALSE(asked_again("k")) << "free, so it is the later claim's";
    all_are_written();
    const auto held = asked_again("k");
    ASSERT_TRUE(held) << "the later claim holds it still";
    EXPECT_FALSE(held->finished);
}

TEST_F(FullDisk, FaultQAPostOfWhichTikTokToldMeanwhileKeepsItsWord) {
    begin("k");
    disk.is_full = true;
    EXPECT_FALSE(end("k"));
    disk.is_full = false;
    store::status_update told;
    told.attempt = post("k").attempt;
    told.user = user("ann");
    told.seen_post_ids = told.post_ids = "[]";
    told.status = "PUBLISH_COMPLETE";
    told.told_at = at_second(5);
    const auto first = run(at->ledger.apply_status(told, soon()));
    all_are_written();
    EXPECT_TRUE(first != store::update_result::applied || row("k").status == "PUBLISH_COMPLETE");
    EXPECT_EQ(row("k").size_bytes, 4711U);
    EXPECT_EQ(row("k").state, store::post_state::settled);
}

TEST_F(FullDisk, FaultQADraftWhoseEndIsWrittenLateKeepsThePostThatWasMadeOfIt) {
    begin("k");
    disk.is_full = true;
    EXPECT_FALSE(end("k"));
    disk.is_full = false;
    auto draft = post("k"); // as a call finds it that publishes the draft meanwhile
    draft.state = store::post_state::settled;
    draft.status = "SEND_TO_USER_INBOX";
    draft.published_as = post_id("the post");
    ASSERT_TRUE(run_on(loop, at->ledger.update(draft, soon())));
    all_are_written();
    EXPECT_EQ(row("k").published_as.text(), "the post");
    EXPECT_EQ(row("k").state, store::post_state::settled);
}

TEST_F(FullDisk, FaultQWhatStillWaitsIsWrittenWhenTheStoreEnds) {
    begin("k");
    disk.is_full = true;
    EXPECT_FALSE(end("k"));
    disk.is_full = false;
    at.reset();
    open();
    expect_healed("k");
}

TEST_F(FullDisk, FaultQAStoreThatEndsWithoutRoomEndsSoonAndLeavesItToItsHeir) {
    begin("k");
    disk.is_full = true;
    EXPECT_FALSE(end("k"));
    const auto began = steady_now();
    at.reset();
    EXPECT_LT(steady_now() - began, seconds{5});
    disk.is_full = false;
    open();
    const auto left = run(at->ledger.abandoned(10, soon()));
    ASSERT_EQ(left.size(), 1U);
    EXPECT_EQ(left[0].attempt, post("k").attempt);
    ASSERT_EQ(run(at->keys.abandoned(10, soon())).size(), 1U);
}

} // namespace
} // namespace gateway::testing
