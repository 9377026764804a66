// A store of an earlier version (tests/old_store) opens with all its data.
#include "base/digest.hpp"
#include "unit/store/store_fixture.hpp"
#include "vault/key_ring.hpp"
#include "vault/sealing.hpp"
#include "vault/token_text.hpp"

#include <gmock/gmock.h>

namespace gateway::testing {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr std::int64_t made_at = 1'795'000'000'000;
const std::string post_1 = "01KAT000000000000000000000", post_2 = "01KAT000010000000000000000";
const std::string post_3 = "01KAT000020000000000000000", post_4 = "01KAT000030000000000000000";

wall_time after(std::int64_t ms) {
    return from_unix_ms(made_at + ms);
}

/// The access token of a sealed pair.
std::string opened(const std::string& name, std::uint64_t version, const std::string& sealed) {
    const auto keys = *vault::key_ring::parse("a:" + to_base64(std::string(32, 'k')) + "\n");
    const auto plain = vault::open(keys, {"tokens", name, version}, sealed);
    if (!plain) return "not opened";
    return std::string(vault::read_token_text(plain->reveal())->access_token.reveal());
}

} // namespace

TEST_P(OldStoreSuite, K07HoldsConnectionsAndTheirPairs) {
    const auto ann = there("ann"), bob = there("bob"), cy = there("cy");
    ASSERT_TRUE(ann && bob && cy);
    EXPECT_EQ(ann->account.text(), "open-ann");
    EXPECT_EQ(ann->scopes, "user.info.basic,video.publish");
    EXPECT_EQ(ann->state, store::connection_state::connected);
    EXPECT_EQ(ann->version, 3U);
    EXPECT_EQ(opened("ann", 3, ann->sealed_tokens), "act.ann.3");
    EXPECT_EQ(ann->access_expires_at, after(7'200'000));
    EXPECT_EQ(ann->refresh_expires_at, after(15'552'000'000));
    EXPECT_EQ(ann->connected_at, after(0));
    EXPECT_EQ(ann->updated_at, after(1));
    EXPECT_EQ(bob->state, store::connection_state::revoked);
    EXPECT_EQ(bob->cause, "removed_by_user");
    EXPECT_EQ(bob->sealed_tokens, "");
    EXPECT_EQ(cy->state, store::connection_state::refresh_in_doubt);
    const auto kept = run(at->connections.kept_tokens(user("ann"), soon()));
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(opened("ann", 2, kept[0].sealed_tokens), "act.ann.2");
    const auto candidates = run(at->connections.kept_tokens(user("cy"), soon()));
    ASSERT_EQ(candidates.size(), 1U);
    EXPECT_EQ(candidates[0].reason, store::kept_reason::candidate);
    EXPECT_EQ(run(at->connections.version_floor(soon())), 5U);
    EXPECT_EQ(sealed_with(vault::key_mark("a")), 5U);
}

TEST_P(OldStoreSuite, K07HoldsARefreshThatNobodySawTheEndOf) {
    const auto open = run(at->refreshes.unfinished("app", soon()));
    ASSERT_EQ(open.size(), 1U);
    EXPECT_EQ(open[0].user.text(), "cy");
    EXPECT_EQ(open[0].version, 1U);
    const auto lease = run(at->refreshes.take_lease(user("cy"), milliseconds{1'000}, soon()));
    ASSERT_TRUE(lease);
    EXPECT_EQ(lease->fence, 8U) << "above all that were before";
    EXPECT_EQ(run(at->refreshes.begin(*lease, 1, soon())), store::refresh_begin::begun_again);
}

TEST_P(OldStoreSuite, K07HoldsPostsDraftsAndKeys) {
    const auto first = run(at->ledger.find_attempt(post_1, soon()));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->id.text(), "p1");
    EXPECT_EQ(first->settings, R"({"caption":"héllo"})");
    EXPECT_EQ(first->published_as.text(), "p2");
    EXPECT_EQ(first->size_bytes, 5'000'000'000U);
    EXPECT_EQ(first->idempotency_key, "k1");
    const auto second = run(at->ledger.find_attempt(post_2, soon()));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->post_ids, R"(["7000000000000000001"])");
    const auto last = run(at->ledger.find_attempt(post_4, soon()));
    ASSERT_TRUE(last);
    EXPECT_EQ(last->state, store::post_state::outcome_unknown);
    EXPECT_EQ(last->fail_reason, "spam_risk");
    EXPECT_EQ(run(at->ledger.claim_draft(user("ann"), post_id("p1"), "another", soon())), post_2);
    store::idempotency_record asked;
    asked.caller = caller("shop");
    asked.key = "k1";
    asked.expires_at = after(86'400'000);
    const auto answer = run(at->keys.claim(asked, after(1), soon()));
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->finished);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->answer, R"({"data":{}})");
    EXPECT_EQ(answer->fingerprint, as_text(sha256("one")));
}

TEST_P(OldStoreSuite, K07HandsOverWhatTheOldProgramLeftUnfinished) {
    const auto posts = run(at->ledger.abandoned(10, soon()));
    ASSERT_EQ(posts.size(), 1U);
    EXPECT_EQ(posts[0].attempt, post_3);
    auto settled = posts[0];
    settled.state = store::post_state::outcome_unknown;
    EXPECT_TRUE(run(at->ledger.update(settled, soon())));
    const auto keys = run(at->keys.abandoned(10, soon()));
    ASSERT_EQ(keys.size(), 1U);
    EXPECT_EQ(keys[0].key.key, "k2");
    ASSERT_TRUE(keys[0].post);
    EXPECT_EQ(keys[0].post->attempt, post_3);
}

TEST_P(OldStoreSuite, K07HoldsTheRest) {
    const auto login = run(at->logins.take(std::string(as_text(sha256("state"))), after(1), soon()));
    ASSERT_TRUE(login);
    EXPECT_EQ(login->user.text(), "dan");
    EXPECT_EQ(login->return_url, "https://shop.example/done");
    EXPECT_FALSE(login->replace_account || login->confirm) << "of columns that came later";
    EXPECT_EQ(login->app, "");
    const auto file = run(at->files.find(file_id::trusted("f1"), soon()));
    ASSERT_TRUE(file);
    EXPECT_EQ(file->mimetype, "video/mp4");
    const auto used = run(at->files.usage(file->caller, soon()));
    EXPECT_EQ(used.own.files, 1U) << "counted by the new step of the schema";
    EXPECT_EQ(used.own.blocks, 1U);
    EXPECT_TRUE(run(at->facts.find("key_check:a", soon())));
    EXPECT_EQ(run(at->facts.find("windows:today", soon())), std::string("\0\1", 2));
    EXPECT_EQ(run(at->facts.add_to_counter("key_uses:a", 1, soon())), 4097U);
    store::status_update told;
    told.attempt = post_2;
    told.user = user("ann");
    told.seen_status = told.status = "PUBLISH_COMPLETE";
    told.seen_post_ids = told.post_ids = R"(["7000000000000000001"])";
    told.event_hash = as_text(sha256("event"));
    EXPECT_EQ(run(at->ledger.apply_status(told, soon())), store::update_result::duplicate);
}

} // namespace gateway::testing
