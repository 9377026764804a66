// The list of posts: its filters, and what a row tells (docs/contract.md §12).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <map>
#include <set>

namespace {

class ListPosts : public action_test {
protected:
    harness::answer listed(const std::string& user, const std::string& query = {}) {
        return w.api().get(path_of(user, "/posts") + (query.empty() ? "" : "?" + query));
    }
    std::vector<std::string> ids_of(const harness::answer& got) {
        EXPECT_EQ(got.status, 200) << got.raw;
        std::vector<std::string> ids;
        const auto posts = got.at("data.posts");
        for (const auto& each : posts.as_array())
            ids.push_back(text_in(each.as_object(), "publish_id"));
        return ids;
    }
    /// A post in TikTok's state, which the ledger knows too.
    std::string post_in(const std::string& user, const std::string& state, const std::string& query) {
        const auto id = upload(user, mp4(5'000), query).text_at("data.publish_id");
        if (state == "FAILED")
            w.tiktok().control().post("/posts/" + id + "/state",
                                      {{"state", state}, {"fail_reason", "duration_check_failed"}});
        settled_post(id, state);
        EXPECT_EQ(w.api().get(path_of(user, "/posts/" + id)).status, 200);
        return id;
    }
};

TEST_F(ListPosts, EachStateHasItsPostsAndNoOthers) {
    const auto user = another_user();
    std::map<std::string, std::string> of;
    of["in_inbox"] = post_in(user, "SEND_TO_USER_INBOX", "caption=draft");
    of["published"] = post_in(user, "PUBLISH_COMPLETE", "publish=true");
    of["failed"] = post_in(user, "FAILED", "publish=true");
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/post/publish/content/init/"}}}, {"do", {{"reset_before_answer", true}}}});
    const boost::json::object photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                     {"photo_cover_index", 0}};
    EXPECT_EQ(w.api().post(path_of(user, "/photos"), photos).code(), "outcome_unknown");
    of["unconfirmed"] = ""; // nobody knows its id
    of["processing"] = upload(user, mp4(5'000), "publish=true").text_at("data.publish_id");
    EXPECT_EQ(ids_of(listed(user)).size(), 5U);
    for (const auto& [state, id] : of) {
        const auto got = listed(user, "state=" + state);
        EXPECT_EQ(ids_of(got), std::vector<std::string>{id}) << state;
        EXPECT_EQ(got.text_at("data.posts.0.state"), state);
    }
}

TEST_F(ListPosts, ARowTellsItsWordsItsFileAndItsProblem) {
    const auto user = another_user();
    std::string caption; // each is four bytes, two UTF-16 units, and %-escaped
    for (int i = 0; i < 81; ++i)
        caption += "%F0%9F%98%80";
    const auto draft = upload(user, mp4(5'000), "caption=" + caption);
    ASSERT_EQ(draft.status, 200) << draft.raw;
    const auto shown = listed(user).text_at("data.posts.0.caption");
    EXPECT_EQ(shown.size(), 80U * 4) << "no character is cut";
    EXPECT_EQ(listed(user).text_at("data.posts.0.file_id"), draft.text_at("data.file_id"));
    EXPECT_TRUE(listed(user).at("data.posts.0.problem").is_null());
    const boost::json::array urls{"https://media.example.com/1.jpg"};
    for (const boost::json::object& words :
         {boost::json::object{{"title", "Rye"}, {"description", "Two loaves"}},
          boost::json::object{{"description", "Two loaves"}}}) {
        auto photos = words;
        photos["photo_images"] = urls;
        photos["photo_cover_index"] = 0;
        ASSERT_EQ(w.api().post(path_of(user, "/photos"), photos).status, 200);
        EXPECT_EQ(listed(user).text_at("data.posts.0.caption"),
                  words.contains("title") ? "Rye" : "Two loaves");
        EXPECT_TRUE(listed(user).at("data.posts.0.file_id").is_null());
    }
    post_in(user, "FAILED", "publish=true");
    const auto failed = listed(user, "limit=1");
    EXPECT_EQ(failed.text_at("data.posts.0.problem.code"), "post_failed");
    EXPECT_EQ(failed.at("data.posts.0.problem.status"), 409);
    EXPECT_EQ(failed.text_at("data.posts.0.fail_reason"), "duration_check_failed");
    EXPECT_TRUE(failed.at("data.posts.0.caption").is_null());
}

TEST_F(ListPosts, OfAManyPagedTimeEachPostIsListedOnce) {
    const auto user = another_user();
    std::vector<std::string> made;
    for (int i = 0; i < 5; ++i)
        made.insert(made.begin(), upload(user, mp4(5'000)).text_at("data.publish_id"));
    std::vector<std::string> found;
    std::string cursor;
    do {
        const auto page = listed(user, "limit=2&since=2020-01-01T00:00:00Z&until=2120-01-01T00:00:00%2B01:00"
                                           + (cursor.empty() ? "" : "&cursor=" + cursor));
        for (const auto& id : ids_of(page))
            found.push_back(id);
        const auto next = page.at("data.next_cursor");
        cursor = next.is_null() ? "" : std::string(next.as_string());
        // What is posted between two pages comes before them.
        if (found.size() == 2) upload(user, mp4(5'000));
    } while (!cursor.empty());
    EXPECT_EQ(found, made);
    EXPECT_TRUE(ids_of(listed(user, "until=2020-01-01T00:00:00Z")).empty());
    EXPECT_TRUE(ids_of(listed(user, "since=2120-01-01T00:00:00Z")).empty());
    EXPECT_TRUE(ids_of(listed(user, "state=failed")).empty());
}

TEST_F(ListPosts, AFilterThatFindsNothingIsNoUnknownUser) {
    const auto user = another_user();
    EXPECT_EQ(upload(user, mp4(5'000)).status, 200);
    ASSERT_EQ(w.api().del(path_of(user, "")).status, 200);
    EXPECT_EQ(listed(user, "state=failed").status, 200) << "the ledger knows the user";
    EXPECT_EQ(listed("nobody", "state=failed").code(), "user_not_connected");
}

} // namespace
