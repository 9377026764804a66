// What a change of a post tells its caller.
#include "posts/post_events.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace gateway::posts {
namespace {

using store::event_type;

const wall_time now = from_unix_ms(1'795'000'000'000);

store::post_record post(const std::string& status) {
    store::post_record out;
    out.attempt = "01JD0000000000000000000000";
    out.user = user_id::trusted("ann");
    out.caller = caller_name::trusted("shop");
    out.id = publish_id::trusted("v_pub_file~1");
    out.action = "TIKTOK_UPLOAD_VIDEO";
    out.kind = "direct_file";
    out.state = store::post_state::settled;
    out.status = status;
    out.settings = R"({"privacy_level":"SELF_ONLY"})";
    out.post_ids = "[]";
    out.idempotency_key = "k1";
    out.created_at = now;
    return out;
}

store::status_update told(const store::post_record& of, const std::string& status, std::string ids = "[]") {
    store::status_update out;
    out.attempt = of.attempt;
    out.seen_status = of.status;
    out.seen_post_ids = of.post_ids;
    out.status = status;
    out.post_ids = std::move(ids);
    out.told_at = now + seconds{60};
    return out;
}

std::string type_of(const std::string& before, const std::string& after) {
    const auto event = event_of(post(before), told(post(before), after));
    return event ? std::string(store::name_of(event->type)) : "none";
}

TEST(PostEvents, AChangeOfTheStateThatCallersWaitForIsAnEvent) {
    EXPECT_EQ(type_of("PROCESSING_UPLOAD", "PUBLISH_COMPLETE"), "post.published");
    EXPECT_EQ(type_of("PROCESSING_DOWNLOAD", "FAILED"), "post.failed");
    EXPECT_EQ(type_of("PROCESSING_UPLOAD", "SEND_TO_USER_INBOX"), "post.in_inbox");
    EXPECT_EQ(type_of("SEND_TO_USER_INBOX", "PUBLISH_COMPLETE"), "post.published");
    EXPECT_EQ(type_of("FAILED", "PUBLISH_COMPLETE"), "post.published") << "TikTok has set itself right";
    EXPECT_EQ(type_of("", "PUBLISH_COMPLETE"), "post.published");
}

TEST(PostEvents, WhatChangesNoStateIsNone) {
    EXPECT_EQ(type_of("PROCESSING_UPLOAD", "PROCESSING_DOWNLOAD"), "none");
    EXPECT_EQ(type_of("", "PROCESSING_DOWNLOAD"), "none");
    EXPECT_EQ(type_of("SEND_TO_USER_INBOX", "SOMETHING_NEW"), "none");
    const auto published = post("PUBLISH_COMPLETE");
    EXPECT_FALSE(event_of(published, told(published, "PUBLISH_COMPLETE", R"(["77"])")))
        << "ids that come late";
}

TEST(PostEvents, TheBodyIsThatOfTheContract) {
    const auto before = post("PROCESSING_UPLOAD");
    const auto event = event_of(before, told(before, "PUBLISH_COMPLETE", R"(["77",{"gone":"88","at":1}])"));
    ASSERT_TRUE(event);
    EXPECT_EQ(event->caller, before.caller);
    EXPECT_EQ(event->user, before.user);
    EXPECT_EQ(event->subject, before.attempt);
    EXPECT_TRUE(event->id.starts_with("msg_"));
    EXPECT_EQ(boost::json::parse(event->body), boost::json::parse(R"({
        "type": "post.published", "timestamp": ")" + rfc3339(now + seconds{60})
                                                                  + R"(",
        "data": {"user_id": "ann", "publish_id": "v_pub_file~1", "action": "TIKTOK_UPLOAD_VIDEO",
                 "state": "published", "post_ids": ["77"], "fail_reason": null, "privacy_level": "SELF_ONLY",
                 "created_at": ")" + rfc3339(now) + R"(", "idempotency_key": "k1"}})"));
    auto failed_one = told(before, "FAILED");
    failed_one.fail_reason = "file_format_check_failed";
    EXPECT_EQ(boost::json::parse(event_of(before, failed_one)->body).at("data").at("fail_reason"),
              "file_format_check_failed");
}

TEST(PostEvents, AnUploadThatCameToNothingTellsTheProblem) {
    const failure why(errc::tiktok_unreachable, "gone");
    const auto event = upload_failed_event(post("FAILED"), why, now);
    EXPECT_EQ(event.type, event_type::upload_failed);
    const auto body = boost::json::parse(event.body);
    EXPECT_EQ(body.at("type"), "upload.failed");
    EXPECT_EQ(body.at("data").at("state"), "failed");
    EXPECT_EQ(body.at("data").at("problem"),
              boost::json::parse(R"({"code": "tiktok_unreachable", "status": 502, "retryable": true})"));
}

TEST(PostEvents, ACrashIsToldAtOnceOnlyWhereTikTokHasNothingToAdd) {
    auto lost = post("");
    lost.state = store::post_state::outcome_unknown;
    EXPECT_FALSE(event_of_crash(lost, now)) << "its publish_id can still be asked for";
    lost.id = {};
    ASSERT_TRUE(event_of_crash(lost, now));
    EXPECT_EQ(event_of_crash(lost, now)->type, event_type::post_unconfirmed);
    const auto body = boost::json::parse(event_of_crash(lost, now)->body);
    EXPECT_EQ(body.at("data").at("state"), "unconfirmed");
    EXPECT_TRUE(body.at("data").at("publish_id").is_null());
    EXPECT_EQ(event_of_crash(post("FAILED"), now)->type, event_type::upload_failed);
    EXPECT_FALSE(event_of_crash(post("PROCESSING_DOWNLOAD"), now));
}

} // namespace
} // namespace gateway::posts
