// TikTok's daily caps, counted from the ledger: told, and refused before TikTok does only where the count is
// certain (docs/limits.md §1).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <cctype>

namespace {

using testing::HasSubstr;

class DailyCaps : public action_test {
protected:
    /// Without looks in the background, so that the ledger knows what the test has asked for.
    DailyCaps() {
        set_cap("pending_shares", "2");
        w.options.variables["TIKTOK_GATEWAY__POSTS__LOOKS_PER_SECOND"] = "0";
    }
    /// In the environment, as the fixture does.
    void set_cap(const std::string& of, const std::string& number) {
        std::string name = "TIKTOK_GATEWAY__LIMITS__TIKTOK__";
        for (const char c : of)
            name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        w.options.variables[name + "_PER_DAY"] = number;
    }
    std::string draft_of(const std::string& user) {
        const auto id = upload(user, mp4(5'000)).text_at("data.publish_id");
        settled_post(id, "SEND_TO_USER_INBOX");
        EXPECT_EQ(w.api().get(path_of(user, "/posts/" + id)).text_at("data.state"), "in_inbox");
        return id;
    }
    void creator_posts(const std::string& id) {
        w.tiktok().control().post("/posts/" + id + "/state",
                                  {{"state", "PUBLISH_COMPLETE"}, {"privacy_level", "PUBLIC_TO_EVERYONE"}});
    }
    boost::json::value told(const std::string& user) {
        const auto got = w.api().get(path_of(user, "/creator"));
        EXPECT_EQ(got.status, 200) << got.raw;
        return got.at("data.gateway");
    }

    static constexpr const char* inbox_init = "/v2/post/publish/inbox/video/init/";
    static constexpr const char* status_path = "/v2/post/publish/status/fetch/";
};

TEST_F(DailyCaps, TheCreatorAnswerTellsWhatIsLeft) {
    set_cap("pending_shares", "5");
    set_cap("active_users", "2");
    const auto user = another_user();
    const auto second = another_user(); // of the same account
    const auto other = another_user({{"account", "bob"}});
    EXPECT_EQ(told(user),
              (boost::json::value{
                  {"pending_shares_left", 5}, {"direct_posts_left_today", 15}, {"active_users_left", 2}}));
    draft_of(user);
    EXPECT_EQ(upload(second, mp4(5'000), "publish=true").status, 200);
    EXPECT_EQ(w.api()
                  .post(path_of(second, "/photos"),
                        {{"photo_images", {"https://media.example.com/1.jpg"}}, {"photo_cover_index", 0}})
                  .status,
              200);
    const boost::json::value after{
        {"pending_shares_left", 3}, {"direct_posts_left_today", 14}, {"active_users_left", 1}};
    EXPECT_EQ(told(user), after);
    EXPECT_EQ(told(second), after);
    EXPECT_EQ(told(other),
              (boost::json::value{
                  {"pending_shares_left", 5}, {"direct_posts_left_today", 15}, {"active_users_left", 1}}));
}

TEST_F(DailyCaps, ACapThatIsNotKnownIsNull) {
    set_cap("pending_shares", "0");
    set_cap("direct_posts", "0");
    const auto user = another_user();
    EXPECT_EQ(told(user), (boost::json::value{{"pending_shares_left", nullptr},
                                              {"direct_posts_left_today", nullptr},
                                              {"active_users_left", nullptr}}));
}

TEST_F(DailyCaps, ADraftMoreThanTikTokTakesIsRefusedBeforeTikTokDoes) {
    const auto user = another_user();
    const auto first = draft_of(user), second = draft_of(user);
    const auto inits = calls_of(inbox_init);
    const auto refused = upload(user, mp4(5'000));
    EXPECT_EQ(refused.status, 429) << refused.raw;
    EXPECT_EQ(refused.code(), "rate_limited");
    EXPECT_EQ(refused.text_at("problem.limit_scope"), "tiktok_daily");
    const auto wait = refused.at("problem.retry_after_ms").to_number<std::int64_t>();
    EXPECT_GT(wait, 86'400'000 - 120'000);
    EXPECT_LE(wait, 86'400'000);
    const auto photos =
        w.api().post(path_of(user, "/photos"),
                     {{"photo_images", {"https://media.example.com/1.jpg"}}, {"photo_cover_index", 0}});
    EXPECT_EQ(photos.text_at("problem.limit_scope"), "tiktok_daily") << photos.raw;
    EXPECT_EQ(calls_of(inbox_init), inits);
    EXPECT_THAT(
        w.admin().get("/metrics").body,
        HasSubstr(
            "tiktok_gateway_rate_limited_total{limit_scope=\"tiktok_daily\",endpoint=\"inbox_init\"} 2"));
    EXPECT_EQ(upload(user, mp4(5'000), "publish=true").status, 200) << "a direct post is no draft";
}

TEST_F(DailyCaps, WhatTikTokSaidBeforeTheCallRefusesNothing) {
    w.options.variables["TIKTOK_GATEWAY__WORKERS"] = "1";
    const auto user = another_user();
    draft_of(user);
    const auto finished = draft_of(user);
    const auto asked = calls_of(status_path);
    EXPECT_EQ(upload(user, mp4(5'000)).status, 429);
    EXPECT_EQ(calls_of(status_path), asked + 2) << "as many questions as the cap has";
    creator_posts(finished);
    const auto taken = upload(user, mp4(5'000));
    EXPECT_EQ(taken.status, 200) << taken.raw;
    EXPECT_EQ(calls_of(status_path), asked + 3) << "one that does not wait is enough";
}

TEST_F(DailyCaps, TheFilesOfABatchAreRefusedByTheSameAnswers) {
    w.options.variables["TIKTOK_GATEWAY__WORKERS"] = "1";
    const auto user = another_user();
    draft_of(user), draft_of(user);
    const auto asked = calls_of(status_path);
    boost::json::array files;
    for (const std::size_t size : {5'001U, 5'002U, 5'003U})
        files.push_back(boost::json::object{{"file_id", stage(mp4(size))}});
    const auto got = w.api().post(path_of(user, "/videos/batch"),
                                  {{"files_to_upload", std::move(files)}, {"max_workers", 3}});
    ASSERT_EQ(got.status, 200) << got.raw;
    for (const char* index : {"0", "1", "2"})
        EXPECT_EQ(got.text_at("data.results." + std::string(index) + ".problem.limit_scope"), "tiktok_daily")
            << got.raw;
    EXPECT_EQ(calls_of(status_path), asked + 2);
}

TEST_F(DailyCaps, WhereTheWindowOfTheStatusIsUsedUpNothingIsRefusedAndNobodyWaits) {
    w.options.variables["TIKTOK_GATEWAY__LIMITS__TIKTOK__STATUS_FETCH_PER_MINUTE"] = "3";
    const auto user = another_user();
    draft_of(user), draft_of(user); // a question each
    const auto file = stage(mp4(5'000));
    const auto batch = w.api().post(path_of(user, "/videos/batch"),
                                    {{"files_to_upload", {boost::json::object{{"file_id", file}}}}});
    EXPECT_EQ(batch.at("successful"), true) << batch.raw;
    EXPECT_EQ(calls_of(status_path), 3U);
    EXPECT_EQ(upload(user, mp4(5'000)).status, 200);
    EXPECT_EQ(calls_of(status_path), 3U);
}

TEST_F(DailyCaps, ADraftThatItsCreatorHasPostedMakesRoomThoughNobodyHasToldTheGateway) {
    const auto user = another_user();
    creator_posts(draft_of(user));
    draft_of(user);
    EXPECT_EQ(told(user).at("pending_shares_left"), 0) << "the ledger does not know yet";
    EXPECT_EQ(upload(user, mp4(5'000)).status, 200);
    EXPECT_EQ(told(user).at("pending_shares_left"), 0) << "one is out, and one is in";
}

TEST_F(DailyCaps, WhereTikTokDoesNotSayThatADraftWaitsItIsTikTokWhoRefuses) {
    const auto user = another_user();
    draft_of(user), draft_of(user);
    tiktok_refuses(status_path, 500, "internal_error");
    EXPECT_EQ(upload(user, mp4(5'000)).status, 200);
    w.tiktok().clear_faults();
    tiktok_refuses(inbox_init, 403, "spam_risk_too_many_pending_share");
    tiktok_refuses(status_path, 500, "internal_error");
    const auto refused = upload(user, mp4(5'000));
    EXPECT_EQ(refused.text_at("problem.tiktok.code"), "spam_risk_too_many_pending_share") << refused.raw;
}

TEST_F(DailyCaps, ADraftOfAnotherUserOfTheAccountCounts) {
    const auto user = another_user();
    const auto second = another_user();
    draft_of(user), draft_of(second);
    EXPECT_EQ(upload(user, mp4(5'000)).text_at("problem.limit_scope"), "tiktok_daily");
    const auto other = another_user({{"account", "bob"}});
    EXPECT_EQ(upload(other, mp4(5'000)).status, 200);
}

TEST_F(DailyCaps, TheEndOfADraftOfAnotherUserOfTheAccountIsWrittenDown) {
    const auto user = another_user();
    const auto second = another_user();
    draft_of(user);
    const auto finished = draft_of(second);
    creator_posts(finished);
    EXPECT_EQ(upload(user, mp4(5'000)).status, 200);
    const auto asked = calls_of(status_path);
    const auto listed = w.api().get(path_of(second, "/posts?state=published"));
    EXPECT_EQ(listed.text_at("data.posts.0.publish_id"), finished) << listed.raw;
    EXPECT_EQ(calls_of(status_path), asked);
}

} // namespace
