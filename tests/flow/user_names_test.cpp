// The names that identity providers give to users, at all doors and on both stores (docs/contract.md §2).
#include "flow/both_stores_test.hpp"
#include "http/percent.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <string>
#include <vector>

using gateway::http::percent_encoded;
using testing::ElementsAreArray;
using testing::HasSubstr;

namespace {

class UserNames : public both_stores_test {
protected:
    harness::answer get(const std::string& user, const std::string& rest = {}) {
        return w.api().get("/v1/users/" + percent_encoded(user) + rest);
    }
    void expect_known(const std::string& target, const std::string& user) {
        const auto got = w.api().get(target);
        EXPECT_EQ(got.status, 200) << target << '\n' << got.raw;
        EXPECT_EQ(got.text_at("data.user_id"), user) << target;
    }
    /// Page by page, with the cursor in the query as it came.
    static std::vector<std::string> listed(const harness::http_client& by) {
        std::vector<std::string> users;
        for (std::string cursor; users.size() < 100;) {
            const auto page = by.get("/v1/users?limit=1" + (cursor.empty() ? "" : "&cursor=" + cursor));
            EXPECT_EQ(page.status, 200) << page.raw;
            const auto rows = page.at("data.users");
            for (const auto& one : rows.as_array())
                users.push_back(text_in(one.as_object(), "user_id"));
            cursor = page.text_at("data.next_cursor");
            if (cursor.empty()) break;
        }
        return users;
    }

    const std::vector<std::string> names{"auth0|5f7c",
                                         "google-oauth2|114+7=",
                                         "rye+tiktok@example.com",
                                         "rye@x.com",
                                         "cnllK2E9PQ==",
                                         "+plus",
                                         "=equals",
                                         "|bar",
                                         "._~:@+|=-",
                                         "waad|a.b_c~d",
                                         "rye.tiktok@x.com"};
};

TEST_P(UserNames, HourIEachNameGoesFromItsLoginToItsEnd) {
    allow_other_caller("['*']");
    for (const auto& user : names) {
        SCOPED_TRACE(user);
        const auto path = percent_encoded(user);
        const auto callback = callback_of(path, {{"return_url", "https://app.example.com/tiktok/done?a=1"}});
        EXPECT_EQ(land(callback).header("location"),
                  "https://app.example.com/tiktok/done?a=1&user_id=" + path + "&result=connected");
        expect_known("/v1/users/" + path, user);
        if (user.find('|') == std::string::npos) expect_known("/v1/users/" + user, user);
        EXPECT_EQ(get(user, "/info").text_at("data.user.display_name"), "Alice");

        const auto posted = upload(path, mp4(5'000), "publish=true");
        ASSERT_EQ(posted.status, 200) << posted.raw;
        const auto id = posted.text_at("data.publish_id");
        EXPECT_EQ(get(user, "/posts/" + id).text_at("data.publish_id"), id);
        EXPECT_EQ(get(user, "/posts").text_at("data.posts.0.publish_id"), id);
        EXPECT_TRUE(w.gateway().process().says("\"event\":\"connected\",\"user\":\"" + user + "\""));

        const auto gone = w.api().del("/v1/users/" + path);
        EXPECT_EQ(gone.status, 200) << gone.raw;
        EXPECT_EQ(gone.text_at("data.user_id"), user);
        EXPECT_EQ(get(user).code(), "user_not_connected");
        EXPECT_TRUE(w.gateway().process().says("\"event\":\"disconnected\",\"user\":\"" + user + "\""));
    }
}

TEST_P(UserNames, HourIImportsPagesAndDoubtsNameThemAsTheyAre) {
    allow_return_urls();
    for (const auto& user : names)
        w.connect(percent_encoded(user));
    auto sorted = names;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_THAT(listed(w.api()), ElementsAreArray(sorted));
    EXPECT_EQ(w.api().get("/v1/users?cursor=rye+tiktok@example.com").text_at("problem.fields.0.field"),
              "cursor");

    w.tiktok().add_fault(
        {{"match", {{"listener", "upload"}}}, {"times", -1}, {"do", {{"reset_before_answer", true}}}});
    tiktok_refuses("/v2/post/publish/status/fetch/", 503, "internal_error");
    const std::string odd = "._~:@+|=-";
    const auto lost = upload(percent_encoded(odd), mp4(5'000), "publish=true");
    EXPECT_EQ(lost.code(), "outcome_unknown") << lost.raw;
    EXPECT_EQ(lost.text_at("data.status_path"),
              "/v1/users/._~%3A%40%2B%7C%3D-/posts/" + lost.text_at("data.publish_id"));
    w.tiktok().clear_faults();
    EXPECT_EQ(w.api().get(lost.text_at("data.status_path")).text_at("data.publish_id"),
              lost.text_at("data.publish_id"));
}

TEST_P(UserNames, HourIAConfirmationConnectsThemAsTheyAre) {
    allow_return_urls();
    for (const auto& user : names) {
        SCOPED_TRACE(user);
        const auto callback = callback_of(
            percent_encoded(user), {{"return_url", "https://app.example.com/tiktok/x"}, {"confirm", true}});
        const auto to = land(callback).header("location");
        const std::string before = "?user_id=" + percent_encoded(user) + "&result=pending&confirmation=";
        const auto at = to.find(before);
        ASSERT_NE(at, std::string::npos) << to;
        const auto confirmed = w.api().post("/v1/users/" + percent_encoded(user) + "/connect/confirm",
                                            {{"confirmation", to.substr(at + before.size())}});
        EXPECT_EQ(confirmed.text_at("data.user_id"), user) << confirmed.raw;
    }
}

TEST_P(UserNames, HourIThePageShowsThemAndAPathReadsThemInOneWay) {
    for (const auto& user : names)
        EXPECT_THAT(land(callback_of(percent_encoded(user))).body, HasSubstr("<bdi>" + user + "</bdi>"));
    expect_known("/v1/users/rye%2btiktok%40example.com", "rye+tiktok@example.com");
    expect_known("/v1/users/cnllK2E9PQ%3D%3d", "cnllK2E9PQ==");
    EXPECT_EQ(w.api().get("/v1/users/auth0|5f7c").code(), "malformed_request");
    EXPECT_EQ(w.api().get("/v1/users/rye%20tiktok@example.com").code(), "invalid_input")
        << "a plus is no blank";
    EXPECT_EQ(w.api().get("/v1/users/auth0%257C5f7c").code(), "invalid_input") << "escaped twice";
    EXPECT_EQ(w.api().get("/v1/users/auth0").code(), "user_not_connected") << "a bar ends nothing";
}

TEST_P(UserNames, HourIInPatternsOnlyTheStarIsAWildcard) {
    allow_other_caller("['auth0|*', 'rye+tiktok@*', 'rye.tiktok@x.com', '*==']");
    const std::vector<std::string> theirs{"auth0|5f7c", "cnllK2E9PQ==", "rye+tiktok@example.com",
                                          "rye.tiktok@x.com"};
    for (const auto& user : names)
        w.connect(percent_encoded(user));
    for (const char* other :
         {"auth05f7c", "rye@example.com", "ryye+tiktok@x", "ryeXtiktok@x.com", "ryetiktok@x"})
        w.connect(percent_encoded(other));
    EXPECT_THAT(listed(other_caller()), ElementsAreArray(theirs));
    for (const auto& user : names) {
        const bool may = std::find(theirs.begin(), theirs.end(), user) != theirs.end();
        EXPECT_EQ(other_caller().get("/v1/users/" + percent_encoded(user)).status, may ? 200 : 404) << user;
    }
}

INSTANTIATE_TEST_SUITE_P(Engines, UserNames, testing::Bool(), engine_of);

} // namespace
