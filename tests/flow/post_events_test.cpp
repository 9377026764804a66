// The life of a post as server-sent events (docs/contract.md §12).
#include "flow/action_test.hpp"

#include <boost/json/parse.hpp>

#include <csignal>
#include <thread>

namespace {

using gateway::seconds;

class PostEvents : public action_test {
protected:
    PostEvents() { w.simulator_settings = "timing: {processing_ms: 600000}\n"; }

    std::string begin_post(const std::string& user) {
        const auto posted = upload(user, mp4(5'000), "publish=true");
        EXPECT_EQ(posted.status, 200) << posted.raw;
        return posted.text_at("data.publish_id");
    }
    void end_at_tiktok(const std::string& id, std::string_view state) {
        w.tiktok().control().post("/posts/" + id + "/state", {{"state", state}});
    }
    std::string request(const std::string& user, const std::string& id, const std::string& more = {},
                        const char* version = "1.1") {
        return "GET " + path_of(user, "/posts/" + id + "/events") + " HTTP/" + version
               + "\r\nHost: localhost\r\nAuthorization: Bearer " + w.caller_key() + "\r\n" + more + "\r\n";
    }
    static constexpr const char* last_chunk = "0\r\n\r\n";
};

TEST_F(PostEvents, TellsTheStateAndTheEndAndThenNothingMore) {
    const auto user = another_user();
    const auto id = begin_post(user);
    harness::raw_socket stream(w.gateway().port(), w.heard());
    ASSERT_TRUE(stream.send(request(user, id)));
    const auto begin = stream.receive_until("\"state\":\"processing\"}\n\n");
    EXPECT_NE(begin.find("HTTP/1.1 200 OK\r\n"), std::string::npos) << begin;
    EXPECT_NE(begin.find("Content-Type: text/event-stream\r\n"), std::string::npos);
    EXPECT_NE(begin.find("Transfer-Encoding: chunked\r\n"), std::string::npos);
    EXPECT_NE(begin.find("event: state\nid: processing\n"), std::string::npos);
    end_at_tiktok(id, "PUBLISH_COMPLETE");
    const auto rest = stream.receive_until(last_chunk, seconds{30});
    EXPECT_NE(rest.find("event: state\nid: published\n"), std::string::npos) << rest;
    EXPECT_NE(rest.find("event: end\nid: end-published\n"), std::string::npos) << rest;
    EXPECT_TRUE(rest.ends_with(last_chunk)) << rest;

    // The connection is used again: an EventSource comes back with the id of the last event.
    ASSERT_TRUE(stream.send(request(user, id, "Last-Event-ID: end-published\r\n")));
    const auto over = stream.receive_until("\r\n\r\n");
    EXPECT_NE(over.find("HTTP/1.1 204 No Content\r\n"), std::string::npos) << over;
    EXPECT_EQ(over.find("Content-Length"), std::string::npos);
    ASSERT_TRUE(stream.send(request(user, id, "Last-Event-ID: processing\r\n")));
    const auto again = stream.receive_until(last_chunk);
    EXPECT_NE(again.find("event: end\nid: end-published\n"), std::string::npos) << again;
}

TEST_F(PostEvents, ADraftEndsTheStreamAndItsPostBeginsAnother) {
    const auto user = another_user();
    const auto id = upload(user, mp4(5'000)).text_at("data.publish_id");
    end_at_tiktok(id, "SEND_TO_USER_INBOX");
    const auto hear = [&](const std::string& last) {
        harness::raw_socket stream(w.gateway().port(), w.heard());
        EXPECT_TRUE(stream.send(request(user, id, "Connection: close\r\nLast-Event-ID: " + last + "\r\n")));
        return stream.receive_all();
    };
    EXPECT_NE(hear("").find("id: end-in_inbox\n"), std::string::npos);
    EXPECT_NE(hear("end-in_inbox").find(" 204 "), std::string::npos);
    end_at_tiktok(id, "PUBLISH_COMPLETE");
    EXPECT_NE(hear("end-in_inbox").find("id: end-published\n"), std::string::npos);
}

TEST_F(PostEvents, AHeadIsAnsweredAsItsGetWithoutTheEvents) {
    const auto user = another_user();
    const auto id = begin_post(user);
    const auto head_of = [](std::string get) { return get.replace(0, 3, "HEAD"); };
    harness::raw_socket stream(w.gateway().port(), w.heard());
    ASSERT_TRUE(stream.send(head_of(request(user, id))));
    const auto begun = stream.receive_until("\r\n\r\n");
    EXPECT_NE(begun.find("HTTP/1.1 200 OK\r\n"), std::string::npos) << begun;
    EXPECT_NE(begun.find("Content-Type: text/event-stream\r\n"), std::string::npos) << begun;
    ASSERT_TRUE(stream.send(head_of(request(user, "v_pub_file~v2.404"))));
    EXPECT_NE(stream.receive_until("\r\n\r\n").find(" 404 "), std::string::npos) << "no byte of a body came";
    auto without_key = head_of(request(user, id));
    without_key.erase(without_key.find("Authorization"),
                      without_key.find("\r\n\r\n") + 2 - without_key.find("Authorization"));
    ASSERT_TRUE(stream.send(without_key));
    EXPECT_NE(stream.receive_until("\r\n\r\n").find(" 401 "), std::string::npos);
    end_at_tiktok(id, "PUBLISH_COMPLETE");
    const auto until = gateway::steady_now() + seconds{20};
    std::string over; // the end is known after the next look
    while (over.find(" 204 ") == std::string::npos && gateway::steady_now() < until) {
        ASSERT_TRUE(stream.send(head_of(request(user, id, "Last-Event-ID: end-published\r\n"))));
        over = stream.receive_until("\r\n\r\n");
    }
    EXPECT_NE(over.find(" 204 "), std::string::npos) << over;
}

TEST_F(PostEvents, GivesHttp10NoChunks) {
    const auto user = another_user();
    const auto id = begin_post(user);
    end_at_tiktok(id, "FAILED");
    harness::raw_socket stream(w.gateway().port(), w.heard());
    ASSERT_TRUE(stream.send(request(user, id, "Connection: keep-alive\r\n", "1.0")));
    const auto all = stream.receive_all();
    EXPECT_EQ(all.find("Transfer-Encoding"), std::string::npos) << all;
    EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos) << "its end is the end of the connection";
    EXPECT_TRUE(all.ends_with("}\n\n")) << all;
}

TEST_F(PostEvents, TellsTheBytesOfARunningUpload) {
    const auto user = another_user();
    const auto bytes = mp4(6'000'000);
    w.tiktok().add_fault({{"match", {{"listener", "upload"}}}, {"do", {{"read_delay_ms", 10}}}});
    harness::answer posted;
    std::string events;
    {
        std::jthread uploading([&] { posted = upload(user, bytes, "publish=true"); });
        const auto end = gateway::steady_now() + seconds{20};
        std::string id;
        while (id.empty() && gateway::steady_now() < end) {
            const auto posts = w.api().get(path_of(user, "/posts"));
            if (const auto row = posts.at("data.posts.0"); row.is_object())
                id = text_in(row.as_object(), "publish_id");
        }
        harness::raw_socket stream(w.gateway().port(), w.heard());
        ASSERT_TRUE(stream.send(request(user, id)));
        events = stream.receive_until("\"bytes_sent\":6000000,\"size\":6000000", seconds{30});
    }
    EXPECT_EQ(posted.status, 200) << posted.raw;
    EXPECT_NE(events.find("event: progress\ndata: {\"bytes_sent\":"), std::string::npos) << events;
    EXPECT_NE(events.find("\"bytes_sent\":6000000,\"size\":6000000"), std::string::npos) << events;
}

TEST_F(PostEvents, RefusesWhatCannotBeWatchedAsTheStatusDoes) {
    const auto user = another_user();
    const auto events_of = [&](const std::string& who, const std::string& id) {
        return w.api().get(path_of(who, "/posts/" + id + "/events"));
    };
    EXPECT_EQ(events_of(user, "v_pub_file~v2-1.7000000000000000001").code(), "no_such_post");
    EXPECT_EQ(events_of("nobody", "v_pub_file~v2-1.7000000000000000001").code(), "user_not_connected");
    EXPECT_EQ(w.stranger().get(path_of(user, "/posts/v_pub_file~v2-1.7/events")).status, 401);
}

TEST_F(PostEvents, P01ADrainEndsTheStreamWithoutAnEnd) {
    const auto user = another_user();
    const auto id = begin_post(user);
    harness::raw_socket stream(w.gateway().port(), w.heard());
    ASSERT_TRUE(stream.send(request(user, id)));
    stream.receive_until("id: processing\n");
    w.gateway().process().signal(SIGTERM);
    const auto rest = stream.receive_all();
    EXPECT_TRUE(rest.ends_with(last_chunk)) << rest;
    EXPECT_EQ(rest.find("event: end"), std::string::npos);
    EXPECT_EQ(w.gateway().process().wait(seconds{40}), 0);
}

} // namespace
