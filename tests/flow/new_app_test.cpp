// A new TikTok app: it has three scopes and no Display API, fewer than the gateway requests by default.
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

namespace {

class NewApp : public action_test {
protected:
    NewApp() {
        w.simulator_settings =
            std::string(wide_tiktok) + "app.scopes: [user.info.basic, video.upload, video.publish]\n";
    }
    void ask_for_three_scopes() {
        w.options.variables["TIKTOK_GATEWAY__TIKTOK__SCOPES"] =
            "[user.info.basic, video.upload, video.publish]";
    }
    /// TikTok's page for a login; the user allows it at once if the page offers that.
    harness::answer tiktoks_page(const boost::json::object& wish = {}) {
        const auto begun = w.api().post(path_of("u", "/connect"), wish);
        EXPECT_EQ(begun.status, 200) << begun.raw;
        const auto url = begun.text_at("data.authorize_url");
        return w.browser().get(url.substr(url.find("/v2/auth/authorize/")) + "&simulate=allow");
    }
    /// Does the whole login and gives the last page.
    harness::answer log_in(const boost::json::object& wish = {}) {
        const auto to = tiktoks_page(wish).header("location");
        const auto path = to.find("/oauth/callback?");
        EXPECT_NE(path, std::string::npos) << to;
        return path == std::string::npos ? harness::answer{} : w.stranger().get(to.substr(path));
    }
    void expect_missing(const harness::answer& got, const std::string& scope) {
        EXPECT_EQ(got.status, 403) << got.raw;
        EXPECT_EQ(got.code(), "missing_scope") << got.raw;
        EXPECT_THAT(got.text_at("error"), HasSubstr(scope));
    }
};

TEST_F(NewApp, FaultXIsRefusedTheWholeLoginOnTikToksOwnPageWhenItAsksForMore) {
    const auto moved = tiktoks_page();
    ASSERT_EQ(moved.status, 302) << moved.raw;
    const auto address = moved.header("location");
    EXPECT_THAT(address, StartsWith("/v2/auth/authorize/?")) << "TikTok's page, not ours";
    EXPECT_THAT(address, EndsWith("&error=invalid_scope&error_type=scope"));
    const auto shown = w.browser().get(address);
    EXPECT_EQ(shown.status, 400) << shown.raw;
    EXPECT_THAT(shown.body, HasSubstr("<b>scope</b>"));
    // The gateway is not called.
    EXPECT_EQ(w.api().get(path_of("u", "/info")).code(), "user_not_connected");
    EXPECT_EQ(calls_of("/v2/oauth/token/"), 0U);
}

TEST_F(NewApp, FaultXConnectsAndPostsWithThreeScopes) {
    ask_for_three_scopes();
    const auto page = log_in();
    ASSERT_EQ(page.status, 200) << page.raw;
    EXPECT_THAT(page.body, HasSubstr("TikTok is connected"));
    EXPECT_THAT(page.body, Not(HasSubstr("You did not allow it to")));
    const auto shown = w.api().get("/v1/users/u");
    EXPECT_EQ(shown.text_at("data.state"), "connected");
    EXPECT_EQ(shown.at("data.scopes"),
              (boost::json::array{"user.info.basic", "video.upload", "video.publish"}));

    const auto info = w.api().get(path_of("u", "/info"));
    EXPECT_EQ(info.status, 200) << info.raw;
    EXPECT_EQ(info.text_at("data.user.display_name"), "Alice");
    EXPECT_EQ(w.api().get(path_of("u", "/creator")).status, 200);
    const auto draft = upload("u", mp4(40));
    ASSERT_EQ(draft.status, 200) << draft.raw;
    const auto id = draft.text_at("data.publish_id");
    EXPECT_EQ(text_in(settled_post(id, "SEND_TO_USER_INBOX"), "state"), "SEND_TO_USER_INBOX");
    EXPECT_EQ(w.api().get(path_of("u", "/posts/" + id)).text_at("data.state"), "in_inbox");
    const auto posted = upload("u", mp4(41), "publish=true&caption=Hello");
    ASSERT_EQ(posted.status, 200) << posted.raw;
    EXPECT_EQ(text_in(settled_post(posted.text_at("data.publish_id"), "PUBLISH_COMPLETE"), "caption"),
              "Hello");
    for (const char* mode : {"DIRECT_POST", "MEDIA_UPLOAD"}) {
        const auto photo =
            w.api().post(path_of("u", "/photos"), {{"photo_images", {"https://media.example.com/1.jpg"}},
                                                   {"photo_cover_index", 0},
                                                   {"post_mode", mode}});
        EXPECT_EQ(photo.status, 200) << mode << photo.raw;
    }
}

TEST_F(NewApp, FaultXSaysWhichScopeAReadLacksWithoutAskingTikTok) {
    ask_for_three_scopes();
    ASSERT_EQ(log_in().status, 200);
    const auto info_calls = calls_of("/v2/user/info/");
    expect_missing(w.api().get(path_of("u", "/profile")), "user.info.profile");
    expect_missing(w.api().get(path_of("u", "/stats")), "user.info.stats");
    expect_missing(w.api().get(path_of("u", "/info?fields=open_id,username")), "user.info.profile");
    expect_missing(w.api().get(path_of("u", "/videos")), "video.list");
    expect_missing(w.api().post(path_of("u", "/videos/query"), {{"video_ids", {"1"}}}), "video.list");
    EXPECT_EQ(calls_of("/v2/user/info/"), info_calls);
    EXPECT_EQ(calls_of("/v2/video/list/") + calls_of("/v2/video/query/"), 0U);
    // The three scopes are requested on each of the three routes.
    for (const char* route : {"/profile", "/stats"}) {
        const auto got = w.api().get(path_of("u", std::string(route) + "?fields=open_id,avatar_url"));
        EXPECT_EQ(got.status, 200) << got.raw;
    }
}

TEST_F(NewApp, FaultXACallMayAskForTheThreeItself) {
    const boost::json::object wish{{"scopes", {"user.info.basic", "video.upload", "video.publish"}}};
    EXPECT_EQ(log_in(wish).status, 200);
    EXPECT_EQ(w.api().get(path_of("u", "/info")).status, 200);
}

TEST_F(NewApp, FaultXBasicInfoIsGrantedAlsoToWhoDoesNotAskForIt) {
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__SCOPES"] = "[video.upload]";
    EXPECT_EQ(log_in().status, 200);
    EXPECT_EQ(w.api().get("/v1/users/u").at("data.scopes"),
              (boost::json::array{"user.info.basic", "video.upload"}));
    EXPECT_EQ(w.api().get(path_of("u", "/info")).status, 200);
    expect_missing(upload("u", mp4(40), "publish=true"), "video.publish");
}

TEST_F(NewApp, FaultXTheCallbackSaysWhoseBusinessARefusedAppIs) {
    ask_for_three_scopes();
    const auto page_for = [this](const std::string& error) {
        const auto begun = w.api().post(path_of("u", "/connect"), boost::json::object{});
        const auto url = begun.text_at("data.authorize_url");
        const auto from = url.find("state=") + 6;
        const auto state = url.substr(from, url.find('&', from) - from);
        const auto page = w.stranger().get("/oauth/callback?error=" + error + "&error_type=x&state=" + state);
        EXPECT_EQ(page.status, 400) << page.raw;
        EXPECT_THAT(page.body, HasSubstr("TikTok is not connected"));
        return page.body;
    };
    EXPECT_THAT(page_for("invalid_scope"), HasSubstr("tiktok.scopes"));
    EXPECT_THAT(page_for("unauthorized_client"), HasSubstr("not released"));
    EXPECT_THAT(page_for("access_denied"), HasSubstr("You did not allow the connection."));
    EXPECT_THAT(page_for("server_error"), HasSubstr("in a few minutes"));
    EXPECT_THAT(page_for("something_new"), HasSubstr("TikTok did not allow the connection."));
}

} // namespace
