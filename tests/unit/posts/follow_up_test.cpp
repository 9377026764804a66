// How long a post is followed, and what TikTok's word changes of that (docs/promises.md M10).
#include "posts/follow_up.hpp"

#include "posts/post_facts.hpp"
#include "posts/status_news.hpp"
#include "tiktok/types.hpp"
#include "tiktok/webhook.hpp"

#include <gtest/gtest.h>

namespace gateway::testing {
namespace {

using posts::after_look;
using std::chrono::hours;
using store::post_state;

const wall_time begin = from_unix_ms(1'795'000'000'000);

store::post_record post(std::string_view status, post_state state = post_state::settled) {
    store::post_record out;
    out.attempt = "01JD0000000000000000000000";
    out.id = publish_id::trusted("v_pub_file~v2.1");
    out.kind = "direct_file";
    out.settings = R"({"privacy_level":"PUBLIC_TO_EVERYONE"})";
    out.state = state;
    out.status = status;
    out.post_ids = "[]";
    out.created_at = out.updated_at = begin;
    return out;
}

bool is_followed(const store::post_record& one) {
    return posts::first_look(one, begin) != wall_time{};
}

tiktok::post_status answer(std::string_view status) {
    tiktok::post_status out;
    out.status = status;
    return out;
}

TEST(FollowUp, M10FollowsWhatHasNoEnd) {
    EXPECT_TRUE(is_followed(post(posts::processing_upload)));
    EXPECT_TRUE(is_followed(post(posts::processing_download, post_state::outcome_unknown)));
    EXPECT_TRUE(is_followed(post(posts::send_to_user_inbox))) << "its creator may post it";
    EXPECT_TRUE(is_followed(post(posts::publish_complete))) << "its ids come after moderation";
    EXPECT_TRUE(is_followed(post("PROCESSING_OF_THE_FUTURE")));

    EXPECT_FALSE(is_followed(post(posts::failed)));
    EXPECT_FALSE(is_followed(post(posts::processing_upload, post_state::begun))) << "its call still runs";
    auto with_ids = post(posts::publish_complete);
    with_ids.post_ids = R"(["7"])";
    EXPECT_FALSE(is_followed(with_ids));
    auto private_one = post(posts::publish_complete);
    private_one.settings = R"({"privacy_level":"SELF_ONLY"})";
    EXPECT_FALSE(is_followed(private_one)) << "TikTok gives it no ids";
    auto without_id = post("", post_state::outcome_unknown);
    without_id.id = {};
    EXPECT_FALSE(is_followed(without_id)) << "TikTok cannot be asked";
}

after_look after_no_news(const store::post_record& post, wall_time now) {
    return posts::after_look_at(post, posts::look_outcome::no_news, now);
}

TEST(FollowUp, M10GivesAPostUpAfterADayAndForgetsItAfterAWeek) {
    const auto open = post(posts::processing_upload);
    EXPECT_EQ(after_no_news(open, begin + hours{24} - seconds{1}), after_look::look_again);
    EXPECT_EQ(after_no_news(open, begin + hours{24}), after_look::give_up);

    const auto told = posts::update_by_time(open, begin + hours{24});
    EXPECT_TRUE(told.unconfirmed);
    EXPECT_EQ(told.status, posts::processing_upload) << "what is known stays";
    EXPECT_NE(told.next_look_at, wall_time{}) << "its end may still come";
    auto given_up = open;
    given_up.state = post_state::outcome_unknown;
    given_up.ended_at = told.ended_at;
    EXPECT_TRUE(posts::is_given_up(given_up));
    EXPECT_EQ(posts::state_of(given_up), "unconfirmed");
    EXPECT_EQ(after_no_news(given_up, begin + hours{25}), after_look::look_again) << "once, not again";
    EXPECT_EQ(after_no_news(given_up, begin + hours{7 * 24}), after_look::stop);
}

TEST(FollowUp, M10WaitsAMonthForTheCreatorOfADraftAndADayForIds) {
    const auto draft = post(posts::send_to_user_inbox);
    EXPECT_EQ(after_no_news(draft, begin + hours{29 * 24}), after_look::look_again);
    EXPECT_EQ(after_no_news(draft, begin + hours{30 * 24}), after_look::stop);
    auto published = post(posts::publish_complete);
    published.ended_at = begin + hours{30};
    EXPECT_EQ(after_no_news(published, begin + hours{53}), after_look::look_again);
    EXPECT_EQ(after_no_news(published, begin + hours{54}), after_look::stop);
}

TEST(FollowUp, M10ForgetsNoPostThatTikTokWasNotAskedForAndGivesItUpAnHourLater) {
    const auto without_answer = [](const store::post_record& post, wall_time now) {
        return posts::after_look_at(post, posts::look_outcome::no_answer, now);
    };
    const auto open = post(posts::processing_upload);
    EXPECT_EQ(without_answer(open, begin + hours{24}), after_look::look_again);
    EXPECT_EQ(without_answer(open, begin + hours{25}), after_look::give_up);
    EXPECT_EQ(without_answer(post(posts::send_to_user_inbox), begin + hours{90 * 24}),
              after_look::look_again);
    auto given_up = post(posts::processing_upload, post_state::outcome_unknown);
    given_up.ended_at = begin + hours{25};
    EXPECT_EQ(without_answer(given_up, begin + hours{90 * 24}), after_look::look_again);
    EXPECT_EQ(posts::after_look_at(open, posts::look_outcome::news, begin + hours{90 * 24}),
              after_look::look_again);
}

TEST(StatusNews, M10ATrueEndReplacesAnEndThatWasGivenUp) {
    auto given_up = post(posts::processing_upload, post_state::outcome_unknown);
    given_up.ended_at = begin + hours{24};
    const auto now = begin + hours{26};
    const auto told = posts::update_by_answer(given_up, answer(posts::failed), now);
    EXPECT_FALSE(told.unconfirmed);
    EXPECT_EQ(told.ended_at, now);
    EXPECT_EQ(told.seen_ended_at, given_up.ended_at);

    tiktok::webhook_event inbox;
    inbox.kind = tiktok::webhook_kind::inbox_delivered;
    const auto in_inbox = posts::update_by_webhook(given_up, inbox, now);
    EXPECT_FALSE(in_inbox.unconfirmed);
    EXPECT_EQ(in_inbox.ended_at, wall_time{}) << "the draft has no end yet";
    EXPECT_NE(in_inbox.next_look_at, wall_time{});

    tiktok::webhook_event gone;
    gone.kind = tiktok::webhook_kind::no_longer_publicly_available;
    gone.post_id = "7";
    const auto same = posts::update_by_webhook(given_up, gone, now);
    EXPECT_TRUE(same.unconfirmed) << "this is no end";
    EXPECT_EQ(same.ended_at, given_up.ended_at);
}

TEST(StatusNews, M10AnEndIsNewsAndAStepBackIsNone) {
    const auto open = post(posts::processing_upload);
    EXPECT_TRUE(posts::is_news(open, answer(posts::publish_complete)));
    EXPECT_TRUE(posts::is_news(open, answer(posts::send_to_user_inbox)));
    EXPECT_FALSE(posts::is_news(open, answer(posts::processing_download)));
    const auto ended = post(posts::publish_complete);
    EXPECT_TRUE(posts::is_behind(ended, answer(posts::processing_upload)));
    EXPECT_FALSE(posts::is_behind(open, answer(posts::publish_complete)));
    const auto told = posts::update_by_answer(open, answer(posts::failed), begin + seconds{5});
    EXPECT_EQ(told.ended_at, begin + seconds{5});
    EXPECT_EQ(told.next_look_at, wall_time{}) << "nothing can follow";
}

} // namespace
} // namespace gateway::testing
