// `wait` on the status of a post: answered as soon as the state changes, else when the time is over, and one
// look at TikTok for all who wait (docs/promises.md M10, P01).
#include "flow/action_test.hpp"

#include <csignal>
#include <thread>
#include <vector>

namespace {

using gateway::seconds;
using gateway::steady_now;

constexpr const char* status_path = "/v2/post/publish/status/fetch/";

class WaitForStatus : public action_test {
protected:
    WaitForStatus() { w.simulator_settings = "timing: {processing_ms: 600000}\n"; }

    /// A direct post that TikTok processes until the test ends it.
    std::string begin_post(const std::string& user) {
        const auto posted = upload(user, mp4(5'000), "publish=true");
        EXPECT_EQ(posted.status, 200) << posted.raw;
        return posted.text_at("data.publish_id");
    }
    harness::answer wait(const std::string& user, const std::string& id, const std::string& how_long) {
        return w.api().get(path_of(user, "/posts/" + id + "?wait=" + how_long));
    }
    void wait_for_waiters(std::size_t count) {
        const auto end = steady_now() + seconds{20};
        const auto all = "tiktok_gateway_post_waiters " + std::to_string(count) + "\n";
        bool are_there = false;
        while (!are_there && steady_now() < end)
            are_there = w.admin().get("/metrics").body.find(all) != std::string::npos;
        EXPECT_TRUE(are_there) << count;
    }
    /// Calls that wait for the post, each in a thread of its own; they are there when TikTok was asked.
    std::vector<std::jthread> wait_often(const std::string& user, const std::string& id,
                                         std::vector<harness::answer>& answers) {
        w.gateway(); // started before the threads
        std::vector<std::jthread> out;
        for (auto& each : answers)
            out.emplace_back([this, user, id, &each] { each = wait(user, id, "60"); });
        wait_for_waiters(answers.size());
        const auto end = steady_now() + seconds{20};
        while (calls_of(status_path) == 0 && steady_now() < end) {
        }
        return out;
    }
    void end_at_tiktok(const std::string& id, std::string_view state) {
        w.tiktok().control().post("/posts/" + id + "/state", {{"state", state}});
    }
};

TEST_F(WaitForStatus, M10AnswersAsSoonAsTheStateChanges) {
    const auto user = another_user();
    const auto id = begin_post(user);
    std::vector<harness::answer> answers(20);
    const auto began = steady_now();
    {
        const auto threads = wait_often(user, id, answers);
        end_at_tiktok(id, "PUBLISH_COMPLETE");
    }
    EXPECT_LT(steady_now() - began, seconds{40});
    for (const auto& got : answers) {
        EXPECT_EQ(got.status, 200) << got.raw;
        EXPECT_EQ(got.text_at("data.state"), "published");
        EXPECT_EQ(got.text_at("data.publish_id"), id);
    }
    EXPECT_LE(calls_of(status_path), 12U) << "one look for all, every few seconds";
    EXPECT_EQ(text_in(w.api().get(path_of(user, "/posts")).at("data.posts.0").as_object(), "state"),
              "published");
}

TEST_F(WaitForStatus, M10TellsTheCurrentStateWhenTheTimeIsOver) {
    const auto user = another_user();
    const auto id = begin_post(user);
    const auto got = wait(user, id, "1");
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.text_at("data.state"), "processing");
    // Its own time and the read's.
    const auto shorter =
        w.api().get(path_of(user, "/posts/" + id + "?wait=60"), {{"X-Request-Timeout", "1"}});
    EXPECT_EQ(shorter.status, 200) << shorter.raw;
    EXPECT_EQ(shorter.text_at("data.state"), "processing");
}

TEST_F(WaitForStatus, M10DoesNotWaitForWhatHasAnEndOrIsInTheInbox) {
    const auto user = another_user();
    for (const char* state : {"PUBLISH_COMPLETE", "FAILED", "SEND_TO_USER_INBOX"}) {
        const auto id = upload(user, mp4(5'000)).text_at("data.publish_id");
        end_at_tiktok(id, state);
        const auto began = steady_now();
        const auto got = wait(user, id, "60");
        EXPECT_EQ(got.text_at("data.status"), state) << got.raw;
        EXPECT_LT(steady_now() - began, seconds{20}) << state;
    }
}

TEST_F(WaitForStatus, M10RefusesWhatItCannotWaitFor) {
    const auto user = another_user();
    const auto id = begin_post(user);
    for (const char* wrong : {"61", "-1", "x", "1.5", ""}) {
        const auto got = wait(user, id, wrong);
        EXPECT_EQ(got.code(), "invalid_input") << wrong << got.raw;
    }
    EXPECT_EQ(wait(user, "v_pub_file~v2-1.7000000000000000001", "60").code(), "no_such_post");
    EXPECT_EQ(wait("nobody", id, "60").code(), "user_not_connected");
    tiktok_refuses(status_path, 503, "internal_error");
    EXPECT_EQ(wait(user, id, "1").text_at("data.state"), "processing") << "the ledger knows as much";
}

TEST_F(WaitForStatus, C16AClientThatHasClosedItsSideIsAnsweredSoonAndOneThatHasLeftHoldsNothing) {
    const auto user = another_user();
    const auto id = begin_post(user);
    const auto request = "GET " + path_of(user, "/posts/" + id + "?wait=60")
                         + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + w.caller_key()
                         + "\r\n\r\n";
    harness::raw_socket half_closed(w.gateway().port(), w.heard());
    ASSERT_TRUE(half_closed.send(request));
    {
        harness::raw_socket leaving(w.gateway().port(), w.heard());
        ASSERT_TRUE(leaving.send(request));
        wait_for_waiters(2);
    }
    half_closed.end_sending();
    const auto answer = half_closed.receive_until("\"state\":\"processing\"", seconds{20});
    EXPECT_NE(answer.find(" 200 OK"), std::string::npos) << answer;
    wait_for_waiters(0);
}

TEST_F(WaitForStatus, P01ADrainAnswersWhoeverWaitsAtOnce) {
    const auto user = another_user();
    const auto id = begin_post(user);
    std::vector<harness::answer> answers(10);
    {
        const auto threads = wait_often(user, id, answers);
        const auto began = steady_now();
        w.gateway().process().signal(SIGTERM);
        EXPECT_EQ(w.gateway().process().wait(seconds{40}), 0);
        EXPECT_LT(steady_now() - began, seconds{20}) << "the drain's deadline is 30 seconds";
    }
    for (const auto& got : answers) {
        EXPECT_EQ(got.status, 200) << got.raw;
        EXPECT_EQ(got.text_at("data.state"), "processing");
    }
}

} // namespace
