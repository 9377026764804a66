// What the ledger tells of a user who is not connected any more, on both stores (docs/contract.md §3).
#include "flow/both_stores_test.hpp"

#include <boost/json/array.hpp>

#include <string>
#include <utility>
#include <vector>

namespace {

class AfterDisconnect : public both_stores_test {
protected:
    harness::answer posts_of(const std::string& user, const std::string& query = {}) {
        return w.api().get(path_of(user, "/posts" + query));
    }
    harness::answer status_of(const std::string& user, const std::string& id) {
        return w.api().get(path_of(user, "/posts/" + id));
    }
    harness::answer events_of(const std::string& user, const std::string& id, const std::string& last = {}) {
        const auto path = path_of(user, "/posts/" + id + "/events");
        return last.empty() ? w.api().get(path) : w.api().get(path, {{"Last-Event-ID", last}});
    }
    /// Of a post that is published: the end, and nothing more for whoever has heard it.
    void expect_end_event(const std::string& user, const std::string& id) {
        const auto heard = events_of(user, id);
        EXPECT_EQ(heard.header("content-type"), "text/event-stream") << heard.raw;
        EXPECT_NE(heard.body.find("event: state\nid: published\n"), std::string::npos) << heard.body;
        EXPECT_NE(heard.body.find("event: end\nid: end-published\n"), std::string::npos) << heard.body;
        EXPECT_TRUE(heard.body.ends_with("\"state\":\"published\"}\n\n")) << heard.body;
        const auto again = events_of(user, id, "published");
        EXPECT_EQ(again.body.find("event: state"), std::string::npos) << again.body;
        EXPECT_NE(again.body.find("event: end\n"), std::string::npos) << again.body;
        EXPECT_EQ(events_of(user, id, "end-published").status, 204);
        EXPECT_EQ(events_of(user, id, "end-in_inbox").status, 200) << "more became of the post";
    }
    /// Posts one that is published, and one whose end nobody has asked for.
    void post_two(const std::string& user) {
        ended = upload(user, mp4(5'000), "publish=true").text_at("data.publish_id");
        settled_post(ended, "PUBLISH_COMPLETE");
        EXPECT_EQ(status_of(user, ended).text_at("data.state"), "published");
        running = upload(user, mp4(6'000), "publish=true").text_at("data.publish_id");
    }
    std::vector<std::string> ids_of(const harness::answer& page) {
        std::vector<std::string> ids;
        EXPECT_EQ(page.status, 200) << page.raw;
        const auto posts = page.at("data.posts");
        for (const auto& post : posts.as_array())
            ids.push_back(text_in(post.as_object(), "publish_id"));
        return ids;
    }

    static constexpr const char* status_path = "/v2/post/publish/status/fetch/";
    std::string ended, running;
};

TEST_P(AfterDisconnect, HourHTheLedgerStaysReadableAndAnEndStaysKnown) {
    w.connect("u");
    post_two("u");
    ASSERT_EQ(w.api().del("/v1/users/u").status, 200);
    EXPECT_EQ(w.api().get("/v1/users/u").code(), "user_not_connected");

    EXPECT_EQ(ids_of(posts_of("u")), (std::vector{running, ended}));
    const auto first = posts_of("u", "?limit=1");
    EXPECT_EQ(ids_of(first), std::vector{running});
    const auto cursor = first.text_at("data.next_cursor");
    EXPECT_EQ(ids_of(posts_of("u", "?limit=1&cursor=" + cursor)), std::vector{ended});
    const std::string before_all(26, '0');
    EXPECT_EQ(ids_of(posts_of("u", "?cursor=" + before_all)), std::vector<std::string>{})
        << "behind the last page";

    const auto asked = calls_of(status_path);
    const auto known = status_of("u", ended);
    EXPECT_EQ(known.status, 200) << known.raw;
    EXPECT_EQ(known.text_at("data.state"), "published");
    EXPECT_EQ(known.text_at("data.publish_id"), ended);
    EXPECT_EQ(status_of("u", running).code(), "user_not_connected");
    EXPECT_EQ(status_of("u", "v_pub_file~v2.1").code(), "user_not_connected");
    EXPECT_EQ(w.api().del(path_of("u", "/posts/" + ended)).code(), "user_not_connected");
    EXPECT_EQ(calls_of(status_path), asked) << "there is no token to ask with";

    w.stop_gateway();
    EXPECT_EQ(status_of("u", ended).text_at("data.state"), "published") << "it is not a cache that tells it";
    w.connect("u");
    EXPECT_EQ(ids_of(posts_of("u")), (std::vector{running, ended}));
}

TEST_P(AfterDisconnect, HourHAnEndStaysKnownToWhoeverHasToConnectAgain) {
    w.connect("u");
    post_two("u");
    sql("UPDATE connections SET state = 'revoked', cause = 'user_disconnected' WHERE user_id = 'u'");
    w.stop_gateway();
    EXPECT_EQ(w.api().get("/v1/users/u").text_at("data.state"), "revoked");
    EXPECT_EQ(status_of("u", ended).text_at("data.state"), "published");
    EXPECT_EQ(status_of("u", running).code(), "reconnect_required");
    EXPECT_EQ(ids_of(posts_of("u")), (std::vector{running, ended}));
}

TEST_P(AfterDisconnect, TheEventsOfAPostAreRefusedAsItsStatusIsAndItsEndIsTold) {
    w.connect("u");
    post_two("u");
    w.connect("again");
    const auto other = upload("again", mp4(7'000), "publish=true").text_at("data.publish_id");
    settled_post(other, "PUBLISH_COMPLETE");
    EXPECT_EQ(status_of("again", other).text_at("data.state"), "published");
    sql("UPDATE connections SET state = 'revoked', cause = 'user_disconnected' WHERE user_id = 'again'");
    ASSERT_EQ(w.api().del("/v1/users/u").status, 200);
    w.stop_gateway();
    const auto asked = calls_of(status_path);
    expect_end_event("u", ended);
    expect_end_event("again", other);
    for (const auto& [user, id] : {std::pair{"u", running},
                                   {"u", std::string("v_pub_file~v2.1")},
                                   {"nobody", ended},
                                   {"again", ended}}) {
        const auto refused = events_of(user, id);
        EXPECT_GE(refused.status, 400) << refused.raw;
        EXPECT_EQ(without_request_id(refused), without_request_id(status_of(user, id))) << user << " " << id;
    }
    EXPECT_EQ(calls_of(status_path), asked) << "there is no token to ask with";
}

TEST_P(AfterDisconnect, HourHC27AUserNeverKnownAndOneOfAnotherCallerAreAlike) {
    allow_other_caller("['theirs-*']");
    w.connect("u");
    post_two("u");
    w.connect("without-posts");
    ASSERT_EQ(w.api().del("/v1/users/without-posts").status, 200);
    ASSERT_EQ(w.api().del("/v1/users/u").status, 200);

    const auto never = posts_of("nobody");
    EXPECT_EQ(never.status, 404) << never.raw;
    EXPECT_EQ(never.code(), "user_not_connected");
    EXPECT_EQ(without_request_id(posts_of("nobody", "?cursor=" + std::string(26, '0'))),
              without_request_id(never));
    EXPECT_EQ(without_request_id(posts_of("without-posts")), without_request_id(never));
    for (const std::string path : {"/v1/users/u/posts", "/v1/users/nobody/posts", "/v1/users/theirs-1/posts"})
        EXPECT_EQ(without_request_id(other_caller().get(path)), without_request_id(never)) << path;
    EXPECT_EQ(without_request_id(other_caller().get(path_of("u", "/posts/" + ended))),
              without_request_id(status_of("nobody", ended)));
}

INSTANTIATE_TEST_SUITE_P(Engines, AfterDisconnect, testing::Bool(), engine_of);

} // namespace
