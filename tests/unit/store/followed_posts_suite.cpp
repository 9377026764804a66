// Which posts TikTok is asked for, and when, on every engine (docs/promises.md M10).
#include "unit/store/followed_posts.hpp"

namespace gateway::testing {

using store::post_state;
using store::update_result;

using names = std::vector<std::string>;

TEST_P(FollowedPosts, M10GivesWhatIsDueOnceAndTheLongestDueFirst) {
    put(followed("01A", at_second(20)));
    put(followed("01B", at_second(10)));
    put(followed("01C", at_second(100)));
    put(followed("01D", {}));
    EXPECT_EQ(taken(5), names{});
    EXPECT_EQ(taken(40, 1), names{"01B"});
    EXPECT_EQ(taken(40), names{"01A"});
    EXPECT_EQ(taken(40), names{}) << "another replica gets nothing of them now";
    EXPECT_EQ(next_look_of("01B"), at_second(50)) << "a quarter of the 40 seconds since its last news";
    EXPECT_EQ(taken(50).size(), 2U) << "whoever took them may have died";
}

TEST_P(FollowedPosts, M10LooksLessOftenTheLongerNothingComes) {
    put(followed("01A", at_second(1)));
    put(followed("01B", at_second(1), "SEND_TO_USER_INBOX"));
    auto ids_to_come = followed("01C", at_second(1), "PUBLISH_COMPLETE");
    ids_to_come.ended_at = at_second(1);
    put(ids_to_come);
    put(followed("01D", at_second(1)));
    auto lost = told("01D", 0);
    lost.unconfirmed = true;
    lost.ended_at = at_second(0) + milliseconds{1};
    lost.next_look_at = at_second(1);
    ASSERT_EQ(run(at->ledger.apply_status(lost, soon())), update_result::applied);
    EXPECT_EQ(taken(4).size(), 4U);
    EXPECT_EQ(next_look_of("01A"), at_second(6)) << "not more often than every two seconds";
    const int days_3 = 3 * 86'400;
    EXPECT_EQ(taken(days_3).size(), 4U);
    EXPECT_EQ(next_look_of("01A"), at_second(days_3 + 600));
    EXPECT_EQ(next_look_of("01B"), at_second(days_3 + 6 * 3'600));
    EXPECT_EQ(next_look_of("01C"), at_second(days_3 + 3'600));
    EXPECT_EQ(next_look_of("01D"), at_second(days_3 + 3 * 3'600));
}

TEST_P(FollowedPosts, M10AnEndStopsTheLooksAndAStepOfOursDoesNotBeginThemAgain) {
    put(followed("01A", at_second(1)));
    auto end = told("01A", 3);
    end.status = "FAILED";
    end.ended_at = at_second(3);
    ASSERT_EQ(run(at->ledger.apply_status(end, soon())), update_result::applied);
    EXPECT_EQ(taken(9), names{});
    ASSERT_TRUE(run(at->ledger.update(followed("01A", at_second(4)), soon())));
    EXPECT_EQ(taken(9), names{});
}

TEST_P(FollowedPosts, M10OfTwoReplicasThatGiveAPostUpOneDoesIt) {
    put(followed("01A", at_second(1)));
    auto late = told("01A", 90'000);
    late.unconfirmed = true;
    late.ended_at = at_second(90'000);
    EXPECT_EQ(run(at->ledger.apply_status(late, soon())), update_result::applied);
    EXPECT_EQ(run(at->ledger.apply_status(late, soon())), update_result::conflict);
    const auto row = *run(at->ledger.find_attempt("01A", soon()));
    EXPECT_EQ(row.state, post_state::outcome_unknown);
    EXPECT_EQ(row.status, "PROCESSING_UPLOAD");
    auto end = told("01A", 95'000);
    end.status = "PUBLISH_COMPLETE";
    EXPECT_EQ(run(at->ledger.apply_status(end, soon())), update_result::applied)
        << "the true end still counts";
    EXPECT_EQ(run(at->ledger.find_attempt("01A", soon()))->state, post_state::settled);
}

TEST_P(FollowedPosts, M10StopsOnlyWhatNobodyHasChanged) {
    put(followed("01A", at_second(1)));
    const auto seen = *run(at->ledger.find_attempt("01A", soon()));
    auto news = told("01A", 3);
    news.status = "SEND_TO_USER_INBOX";
    news.next_look_at = at_second(5);
    ASSERT_EQ(run(at->ledger.apply_status(news, soon())), update_result::applied);
    run(at->ledger.stop_looking(seen, soon()));
    EXPECT_EQ(next_look_of("01A"), at_second(5));
    run(at->ledger.stop_looking(*run(at->ledger.find_attempt("01A", soon())), soon()));
    EXPECT_EQ(next_look_of("01A"), wall_time{});
}

TEST_P(FollowedPosts, TellsTheOldestThatIsOpen) {
    EXPECT_FALSE(run(at->ledger.oldest_open(soon())));
    auto draft = followed("01A", at_second(9), "SEND_TO_USER_INBOX");
    put(draft);
    auto younger = followed("01C", at_second(9));
    younger.created_at = at_second(70);
    put(younger);
    auto older = followed("01B", at_second(9));
    older.created_at = at_second(60);
    put(older);
    EXPECT_EQ(run(at->ledger.oldest_open(soon())), at_second(60)) << "a draft waits for its creator";
}

TEST_P(FollowedPosts, TellsWhoeverListensOfNewsAndOfAnEndOfOurs) {
    struct listener final : store::post_listener {
        void post_changed(const publish_id& post) override { heard.push_back(post.text()); }
        names heard;
    } one;
    at->ledger.tell(&one);
    put(followed("01A", at_second(1)));
    EXPECT_EQ(one.heard, names{}) << "that it was handed over is no news";
    ASSERT_EQ(run(at->ledger.apply_status(told("01A", 3), soon())), update_result::applied);
    EXPECT_EQ(one.heard, names{"p01A"});
    auto broken = followed("01B", {});
    broken.state = post_state::outcome_unknown;
    put(broken);
    EXPECT_EQ(one.heard, (names{"p01A", "p01B"}));
    at->ledger.tell(nullptr);
}

} // namespace gateway::testing
