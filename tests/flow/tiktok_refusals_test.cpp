// Every refusal of docs/tiktok-wire.md §2.4 and §4.7 and the answer to the caller: a table per endpoint, one
// user per row.
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <vector>

namespace {

struct refusal {
    int status;
    const char* tiktok;
    int our_status;
    const char* ours;
    const char* scope = "";
};

class TikTokRefusals : public action_test {
protected:
    // No waiting for a young token that TikTok does not accept yet.
    TikTokRefusals() { w.options.variables["TIKTOK_GATEWAY__VAULT__SETTLING_MS"] = "0"; }

    template <class Ask>
    void hold(const char* path, const std::vector<refusal>& rows, Ask ask) {
        for (const auto& row : rows) {
            SCOPED_TRACE(std::string(path) + " " + std::to_string(row.status) + " " + row.tiktok);
            const auto user = another_user();
            tiktok_refuses(path, row.status, row.tiktok);
            const harness::answer got = ask(user);
            w.tiktok().clear_faults();
            EXPECT_EQ(got.status, row.our_status) << got.raw;
            EXPECT_EQ(got.code(), row.ours);
            EXPECT_FALSE(got.at("successful").as_bool());
            EXPECT_FALSE(got.text_at("error").empty());
            EXPECT_EQ(got.text_at("problem.limit_scope"), row.scope);
            const bool has_words = got.code() != "no_such_post";
            if (has_words) {
                EXPECT_EQ(got.text_at("problem.tiktok.code"), row.tiktok);
                EXPECT_EQ(got.text_at("problem.tiktok.log_id"), "20261123LOG");
                EXPECT_EQ(got.at("problem.tiktok.status"), row.status);
            }
        }
    }
};

/// The result of a batch's only file, in the form of an answer.
harness::answer of_the_file(const harness::answer& batch) {
    EXPECT_EQ(batch.status, 200) << batch.raw;
    EXPECT_EQ(batch.code(), "partial_failure");
    harness::answer inside{.raw = batch.raw};
    const auto file = batch.at("data.results.0");
    if (file.is_object()) inside.body = boost::json::serialize(file);
    const auto status = inside.at("problem.status");
    if (status.is_int64()) inside.status = static_cast<int>(status.as_int64());
    return inside;
}

const std::vector<refusal> display{
    {401, "access_token_invalid", 502, "tiktok_error"},
    {401, "scope_not_authorized", 403, "missing_scope"},
    {400, "scope_permission_missed", 403, "missing_scope"},
    {400, "invalid_params", 422, "invalid_input"},
    {400, "invalid_param", 422, "invalid_input"},
    {400, "invalid_file_upload", 422, "invalid_input"},
    {429, "rate_limit_exceeded", 429, "rate_limited", "tiktok_app"}, // the user's own window is nearly unused
    {500, "internal_error", 502, "tiktok_error"},
    {400, "a_code_nobody_knows", 502, "tiktok_error"},
    {200, "invalid_params", 422, "invalid_input"}, // an error in spite of HTTP 200
};

TEST_F(TikTokRefusals, OfUserInfo) {
    hold("/v2/user/info/", display, [&](const std::string& user) {
        return w.api().get(path_of(user, "/info"), {{"X-Request-Timeout", "4"}});
    });
}

TEST_F(TikTokRefusals, OfVideoLists) {
    hold("/v2/video/list/", display, [&](const std::string& user) {
        return w.api().get(path_of(user, "/videos"), {{"X-Request-Timeout", "4"}});
    });
}

TEST_F(TikTokRefusals, OfVideoQueries) {
    hold("/v2/video/query/", display, [&](const std::string& user) {
        return w.api().post(path_of(user, "/videos/query"), {{"video_ids", {"1"}}},
                            {{"X-Request-Timeout", "4"}});
    });
}

TEST_F(TikTokRefusals, OfCreatorInfoAlsoWithHttp200) {
    const std::vector<refusal> rows{
        {200, "spam_risk_too_many_posts", 429, "rate_limited", "tiktok_daily"},
        {200, "spam_risk_user_banned_from_posting", 403, "posting_refused"},
        {200, "reached_active_user_cap", 429, "rate_limited", "tiktok_daily"},
        {401, "access_token_invalid", 502, "tiktok_error"},
        {401, "scope_not_authorized", 403, "missing_scope"},
        {429, "rate_limit_exceeded", 429, "rate_limited", "tiktok_user"},
        {500, "internal_error", 502, "tiktok_error"},
    };
    hold("/v2/post/publish/creator_info/query/", rows, [&](const std::string& user) {
        return w.api().get(path_of(user, "/creator"), {{"X-Request-Timeout", "4"}});
    });
    // The same refusals stop a direct post before anything is sent.
    hold("/v2/post/publish/creator_info/query/", {rows[0], rows[1]},
         [&](const std::string& user) { return upload(user, mp4(40), "publish=true"); });
    EXPECT_EQ(calls_of("/v2/post/publish/video/init/"), 0U);
}

const std::vector<refusal> init{
    {400, "invalid_param", 422, "invalid_input"},
    {400, "invalid_params", 422, "invalid_input"},
    {403, "spam_risk_user_banned_from_posting", 403, "posting_refused"},
    {403, "spam_risk_text", 403, "posting_refused"},
    {403, "reached_active_user_cap", 429, "rate_limited", "tiktok_daily"},
    {403, "unaudited_client_can_only_post_to_private_accounts", 403, "unaudited_client"},
    {403, "url_ownership_unverified", 403, "url_ownership_unverified"},
    {401, "access_token_invalid", 502, "tiktok_error"},
    {401, "scope_not_authorized", 403, "missing_scope"},
    {429, "rate_limit_exceeded", 429, "rate_limited", "tiktok_user"},
};

std::vector<refusal> with(std::vector<refusal> rows, const std::vector<refusal>& more) {
    rows.insert(rows.end(), more.begin(), more.end());
    return rows;
}

const std::vector<refusal> direct_init =
    with(init, {{403, "spam_risk_too_many_posts", 429, "rate_limited", "tiktok_daily"},
                {403, "privacy_level_option_mismatch", 403, "privacy_level_not_allowed"},
                {500, "internal_error", 502, "tiktok_error"}});
const std::vector<refusal> inbox_init =
    with(init, {{403, "spam_risk_too_many_pending_share", 429, "rate_limited", "tiktok_daily"},
                {500, "internal_error", 502, "tiktok_error"}});

TEST_F(TikTokRefusals, OfDirectPosts) {
    hold("/v2/post/publish/video/init/", direct_init,
         [&](const std::string& user) { return upload(user, mp4(40), "publish=true"); });
}

TEST_F(TikTokRefusals, OfInboxUploads) {
    hold("/v2/post/publish/inbox/video/init/", inbox_init,
         [&](const std::string& user) { return upload(user, mp4(40)); });
}

TEST_F(TikTokRefusals, OfVideosThatTikTokPulls) {
    // This init can post by itself, so after an internal error of TikTok the outcome is unknown.
    auto rows = direct_init;
    rows.back() = {500, "internal_error", 409, "outcome_unknown"};
    hold("/v2/post/publish/video/init/", rows, [&](const std::string& user) {
        return w.api().post(path_of(user, "/videos"),
                            {{"video_url", "https://media.example.com/1.mp4"}, {"publish", true}});
    });
}

TEST_F(TikTokRefusals, OfEachFileOfABatch) {
    const boost::json::value files = boost::json::array{{{"file_id", stage(mp4(40))}}};
    const auto batch = [&](const std::string& user, bool publish) {
        return of_the_file(w.api().post(path_of(user, "/videos/batch"),
                                        {{"files_to_upload", files}, {"publish", publish}},
                                        {{"X-Request-Timeout", "4"}}));
    };
    hold("/v2/post/publish/inbox/video/init/", inbox_init,
         [&](const std::string& user) { return batch(user, false); });
    hold("/v2/post/publish/video/init/", direct_init,
         [&](const std::string& user) { return batch(user, true); });
}

TEST_F(TikTokRefusals, OfPublishedDrafts) {
    hold("/v2/post/publish/video/init/", direct_init, [&](const std::string& user) {
        const auto draft = upload(user, mp4(40)).text_at("data.publish_id");
        settled_post(draft, "SEND_TO_USER_INBOX");
        return w.api().post(path_of(user, "/posts/" + draft + "/publish"), boost::json::object{});
    });
}

TEST_F(TikTokRefusals, OfPhotos) {
    const auto rows =
        with(init, {{400, "app_version_check_failed", 403, "posting_refused"},
                    {403, "spam_risk_too_many_posts", 429, "rate_limited", "tiktok_daily"},
                    {403, "spam_risk_too_many_pending_share", 429, "rate_limited", "tiktok_daily"},
                    {500, "internal_error", 409, "outcome_unknown"}});
    hold("/v2/post/publish/content/init/", rows, [&](const std::string& user) {
        return w.api().post(path_of(user, "/photos"), {{"photo_images", {"https://media.example.com/1.jpg"}},
                                                       {"photo_cover_index", 0}});
    });
}

TEST_F(TikTokRefusals, OfStatusQueries) {
    const std::vector<refusal> rows{
        {400, "invalid_publish_id", 404, "no_such_post"},
        {400, "token_not_authorized_for_specified_publish_id", 404, "no_such_post"},
        {400, "invalid_params", 422, "invalid_input"},
        {401, "access_token_invalid", 502, "tiktok_error"},
        {401, "scope_not_authorized", 403, "missing_scope"},
        {429, "rate_limit_exceeded", 429, "rate_limited", "tiktok_user"},
        {500, "internal_error", 502, "tiktok_error"},
    };
    hold("/v2/post/publish/status/fetch/", rows, [&](const std::string& user) {
        return w.api().get(path_of(user, "/posts/v_pub_file~v2-1.123"), {{"X-Request-Timeout", "4"}});
    });
}

TEST_F(TikTokRefusals, OfCancels) {
    const std::vector<refusal> rows{
        {400, "publish_not_cancellable", 409, "not_cancellable"},
        {400, "invalid_publish_id", 404, "no_such_post"},
        {400, "token_not_authorized_for_specified_publish_id", 404, "no_such_post"},
        {403, "url_ownership_unverified", 403, "url_ownership_unverified"},
        {401, "access_token_invalid", 502, "tiktok_error"},
        {401, "scope_not_authorized", 403, "missing_scope"},
        {429, "rate_limit_exceeded", 429, "rate_limited", "tiktok_user"},
        {500, "internal_error", 502, "tiktok_error"},
    };
    hold("/v2/post/publish/cancel/", rows, [&](const std::string& user) {
        return w.api().del(path_of(user, "/posts/v_pub_url~v2.123"), {{"X-Request-Timeout", "4"}});
    });
}

TEST_F(TikTokRefusals, AreRepeatedWhereThatIsSafe) {
    const auto user = another_user();
    tiktok_refuses("/v2/user/info/", 500, "internal_error", 1);
    EXPECT_EQ(w.api().get(path_of(user, "/info")).status, 200);
    EXPECT_EQ(calls_of("/v2/user/info/"), 3U) << "with the question of the import";
    tiktok_refuses("/v2/post/publish/inbox/video/init/", 500, "internal_error", 1);
    const auto lost = upload(user, mp4(40));
    EXPECT_EQ(lost.status, 502) << lost.raw;
    EXPECT_EQ(calls_of("/v2/post/publish/inbox/video/init/"), 1U); // never repeated by the gateway
}

} // namespace
