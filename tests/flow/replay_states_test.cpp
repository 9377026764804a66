// The answer of a key is given again in every state of the user's connection, on both engines
// (docs/promises.md I09).
#include "flow/action_test.hpp"
#include "harness/postgresql_server.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace {

using gateway::steady_now;

enum class grant {
    connected,
    refresh_in_doubt,
    reconnect_required,
    revoked,
    deleted,
    other_app,
    tiktok_away,
    window_full
};
constexpr const char* names[] = {"Connected", "RefreshInDoubt", "ReconnectRequired", "Revoked",
                                 "Deleted",   "OtherApp",       "TikTokAway",        "WindowFull"};

class ReplayStates : public action_test, public testing::WithParamInterface<std::tuple<bool, grant>> {
protected:
    ReplayStates() {
        // Looks of the background are calls to TikTok too, and these tests count what a replay asks.
        w.options.variables["TIKTOK_GATEWAY__POSTS__LOOKS_PER_SECOND"] = "0";
        if (std::get<0>(GetParam())) {
            server = std::make_unique<harness::postgresql_server>();
            w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server->url("gateway");
            w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
            w.plant(harness::postgresql_server::password);
        }
    }
    static harness::fields key(const std::string& text) { return {{"Idempotency-Key", text}}; }

    /// Calls with their keys, each of which has an answer.
    struct keyed_call {
        std::string name;
        std::function<harness::answer()> send;
        harness::answer first = {};
    };
    void add(const std::string& name, std::function<harness::answer()> send, int status) {
        calls.push_back({name, std::move(send)});
        auto& one = calls.back();
        one.first = one.send();
        EXPECT_EQ(one.first.status, status) << name << ": " << one.first.raw;
    }
    harness::answer send_batch(const boost::json::array& files, const std::string& name) {
        return w.api().post(path_of(user, "/videos/batch"), {{"files_to_upload", files}, {"max_workers", 1}},
                            key(name));
    }
    harness::answer send_photos(const std::string& name) {
        return w.api().post(path_of(user, "/photos"),
                            {{"photo_images", {"https://media.example.com/1.jpg"}}, {"photo_cover_index", 0}},
                            key(name));
    }
    boost::json::array staged(std::vector<std::size_t> sizes) {
        boost::json::array files;
        for (const auto size : sizes)
            files.push_back(boost::json::object{{"file_id", stage(mp4(size))}});
        return files;
    }
    void answer_all_keys() {
        add(
            "raw", [this] { return upload(user, mp4(50'000), {}, key("raw")); }, 200);
        add(
            "form", [this] { return send_form(); }, 200);
        const auto file = stage(mp4(60'000));
        add(
            "staged",
            [this, file] {
                return w.api().post(path_of(user, "/videos"), {{"file_to_upload", {{"file_id", file}}}},
                                    key("staged"));
            },
            200);
        w.api().del("/v1/files/" + file);
        add(
            "pulled",
            [this] {
                return w.api().post(path_of(user, "/videos"),
                                    {{"video_url", "https://media.example.com/v.mp4"}}, key("pulled"));
            },
            200);
        add(
            "photos", [this] { return send_photos("photos"); }, 200);
        const auto draft = upload(user, mp4(70'000)).text_at("data.publish_id");
        settled_post(draft, "SEND_TO_USER_INBOX");
        add(
            "publish",
            [this, draft] {
                return w.api().post(path_of(user, "/posts/" + draft + "/publish"), {{"caption", "x"}},
                                    key("publish"));
            },
            200);
        const auto both = staged({41'000, 42'000});
        add(
            "batch", [this, both] { return send_batch(both, "batch"); }, 200);
        lose_answers();
    }
    /// Answers that tell a doubt, a doubt that TikTok has resolved, and a batch of which one file is refused.
    void lose_answers() {
        w.tiktok().add_fault({{"match", {{"path", "/v2/post/publish/content/init/"}}},
                              {"do", {{"reset_before_answer", true}}}});
        add(
            "unknown", [this] { return send_photos("unknown"); }, 409);
        tiktok_refuses("/v2/post/publish/status/fetch/", 503, "internal_error");
        lose_answer_of_upload();
        add(
            "inbox", [this] { return upload(user, mp4(80'000), "keep=false", key("inbox")); }, 502);
        lose_answer_of_upload();
        const auto failing = [this] { return upload(user, mp4(90'000), "publish=true", key("failed")); };
        const auto doubt = failing();
        EXPECT_EQ(doubt.code(), "outcome_unknown") << doubt.raw;
        w.tiktok().clear_faults();
        const auto path = "/posts/" + doubt.text_at("data.publish_id");
        w.tiktok().control().post(path + "/state", {{"state", "FAILED"}, {"fail_reason", "internal"}});
        EXPECT_EQ(w.api().get(path_of(user, path)).text_at("data.state"), "failed");
        add("failed", failing, 409);
        EXPECT_EQ(calls.back().first.code(), "post_failed");
    }
    /// TikTok has the bytes of the next upload, says that it failed, and refuses its repeat.
    void lose_answer_of_upload() {
        w.tiktok().add_fault(
            {{"match", {{"listener", "upload"}, {"nth", 1}}}, {"do", {{"status", 500}, {"body", ""}}}});
        w.tiktok().add_fault({{"match", {{"listener", "upload"}, {"nth", 1}}},
                              {"do", {{"apply", false}, {"status", 403}, {"body", ""}}}});
    }
    /// A form that does not tell its file's length, so its bytes are read.
    harness::answer send_form() {
        const std::string line = "\r\n", mark = "--mark" + line;
        const std::string body =
            mark + R"(Content-Disposition: form-data; name="input")" + line + line + R"({"publish":false})"
            + line + mark + R"(Content-Disposition: form-data; name="file_to_upload"; filename="a.mp4")"
            + line + "Content-Type: video/mp4" + line + line + mp4(12'000'000) + line + "--mark--" + line;
        auto fields = key("form");
        fields.emplace("Content-Type", "multipart/form-data; boundary=mark");
        return w.api().call("POST", path_of(user, "/videos"), fields, body);
    }
    void break_token_endpoint() {
        w.tiktok().add_fault({{"match", {{"path", "/v2/oauth/token/"}}},
                              {"times", -1},
                              {"do", {{"reset_before_answer", true}}}});
        w.tiktok().control().post("/tokens/expire", {{"account", "alice"}, {"kind", "access"}});
        // The gateway learns of it by this call.
        EXPECT_NE(w.api().get(path_of(user, "/info"), {{"X-Request-Timeout", "2"}}).status, 200);
    }
    void bring(grant state) {
        switch (state) {
            case grant::connected:
                return;
            case grant::refresh_in_doubt:
                return break_token_endpoint();
            case grant::reconnect_required:
                w.tiktok().control().post("/tokens/revoke", {{"account", "alice"}});
                EXPECT_EQ(w.api().get(path_of(user, "/info")).code(), "reconnect_required");
                return;
            case grant::revoked:
                return revoke_by_webhook();
            case grant::deleted:
                EXPECT_EQ(w.api().del("/v1/users/" + user).status, 200);
                return;
            case grant::other_app:
                EXPECT_EQ(w.stop_gateway(), 0);
                w.options.variables["TIKTOK_GATEWAY__TIKTOK__CLIENT_KEY"] = "another-client-key";
                EXPECT_EQ(w.api().get(path_of(user, "/info")).code(), "reconnect_required");
                return;
            case grant::tiktok_away:
                w.tiktok().add_fault({{"match", {{"listener", "api"}}},
                                      {"times", -1},
                                      {"do", {{"status", 500}, {"apply", false}, {"body", ""}}}});
                return;
            case grant::window_full:
                EXPECT_EQ(w.stop_gateway(), 0);
                w.options.settings =
                    "limits:\n  tiktok: {inbox_init_per_minute: 1, video_init_per_minute: 1, "
                    "content_init_per_minute: 1}\n";
                for (int times = 0; times < 2; ++times) {
                    upload(user, mp4(5'000));
                    upload(user, mp4(5'000), "publish=true");
                    send_photos("filler-" + std::to_string(times));
                }
                EXPECT_EQ(upload(user, mp4(5'000)).code(), "rate_limited");
                return;
        }
    }
    void revoke_by_webhook() {
        const std::string url = "http://127.0.0.1:" + std::to_string(w.gateway().port()) + "/webhooks/tiktok";
        boost::json::array apps{boost::json::object{{"client_key", harness::simulator_process::client_key},
                                                    {"webhook_url", url}}};
        w.tiktok().change(boost::json::object{{"apps", std::move(apps)}});
        const boost::json::object event{
            {"event", "authorization.removed"}, {"content", {{"reason", 1}}}, {"account", "alice"}};
        // An event of the second of the grant has no effect.
        const auto end = steady_now() + gateway::seconds{20};
        const auto state = [this] { return w.api().get("/v1/users/" + user).text_at("data.state"); };
        while (state() != "revoked" && steady_now() < end)
            EXPECT_EQ(w.tiktok().control().post("/webhooks", event).status, 200);
        EXPECT_EQ(state(), "revoked");
    }

    std::unique_ptr<harness::postgresql_server> server;
    std::string user;
    std::vector<keyed_call> calls;
};

TEST_P(ReplayStates, I09DeathAEveryAnswerOfAKeyIsGivenAgain) {
    user = another_user();
    answer_all_keys();
    // One file is refused and has no answer, the other one has.
    const auto files = staged({43'000, 44'000});
    w.tiktok().add_fault(
        {{"match", {{"path", "/v2/post/publish/inbox/video/init/"}, {"nth", 2}}},
         {"times", 1},
         {"do",
          {{"apply", false},
           {"status", 403},
           {"body", {{"error", {{"code", "spam_risk_text"}, {"message", ""}, {"log_id", "l"}}}}}}}});
    const auto partial = send_batch(files, "partial");
    ASSERT_EQ(partial.code(), "partial_failure") << partial.raw;
    w.tiktok().clear_faults();

    const auto state = std::get<1>(GetParam());
    bring(state);
    const auto requests = w.tiktok().history().at("requests").as_array().size();
    for (const auto& one : calls) {
        const auto again = one.send();
        EXPECT_EQ(again.status, one.first.status) << one.name << ": " << again.raw;
        EXPECT_EQ(again.body, one.first.body) << one.name;
        EXPECT_EQ(again.header("idempotent-replayed"), "true") << one.name;
    }
    EXPECT_EQ(w.tiktok().history().at("requests").as_array().size(), requests) << "TikTok is not asked";

    auto fields = key("partial");
    fields.emplace("X-Request-Timeout", "5");
    const auto again = w.api().post(path_of(user, "/videos/batch"),
                                    {{"files_to_upload", files}, {"max_workers", 1}}, fields);
    EXPECT_EQ(again.status, 200) << again.raw;
    EXPECT_EQ(again.text_at("data.results.0.publish_id"), partial.text_at("data.results.0.publish_id"))
        << again.raw;
    EXPECT_EQ(again.at("successful").as_bool(), state == grant::connected) << again.raw;
}

/// The states that come without a restart of the gateway.
class RunningKeys : public ReplayStates {};

TEST_P(RunningKeys, I09DeathACallThatRunsIsToldSoAndAFreeKeyTheTruth) {
    user = another_user();
    const std::string video = mp4(50'000);
    harness::raw_socket client(w.gateway().port(), w.heard());
    client.send("POST " + path_of(user, "/videos")
                + " HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + w.caller_key()
                + "\r\nIdempotency-Key: running\r\nContent-Type: video/mp4\r\nContent-Length: "
                + std::to_string(video.size()) + "\r\n\r\n");
    client.send(std::string_view(video).substr(0, 10'000));
    const auto end = steady_now() + gateway::seconds{20};
    while (calls_of("/v2/post/publish/inbox/video/init/") == 0 && steady_now() < end) {
    }
    const auto send = [&](const std::string& name) {
        auto fields = key(name);
        fields.emplace("X-Request-Timeout", "3");
        return upload(user, video, {}, fields);
    };
    const auto state = std::get<1>(GetParam());
    bring(state);
    EXPECT_EQ(send("running").code(), "in_progress");
    const auto fresh = send("fresh");
    EXPECT_EQ(fresh.header("idempotent-replayed"), "");
    EXPECT_EQ(fresh.status == 200, state == grant::connected) << fresh.raw;
}

std::string name_of(const testing::TestParamInfo<std::tuple<bool, grant>>& each) {
    const auto* state = names[static_cast<std::size_t>(std::get<1>(each.param))];
    return std::string(std::get<0>(each.param) ? "Postgresql" : "Sqlite") + state;
}

INSTANTIATE_TEST_SUITE_P(Engines, ReplayStates,
                         testing::Combine(testing::Bool(),
                                          testing::Values(grant::connected, grant::refresh_in_doubt,
                                                          grant::reconnect_required, grant::revoked,
                                                          grant::deleted, grant::other_app,
                                                          grant::tiktok_away, grant::window_full)),
                         name_of);

INSTANTIATE_TEST_SUITE_P(Engines, RunningKeys,
                         testing::Combine(testing::Bool(),
                                          testing::Values(grant::connected, grant::refresh_in_doubt,
                                                          grant::reconnect_required, grant::revoked,
                                                          grant::deleted, grant::tiktok_away)),
                         name_of);

class Replays : public action_test {};

TEST_F(Replays, I09DeathAAnAnswerIsGivenAgainUnderOtherVerifiedPrefixes) {
    const auto user = another_user();
    const auto send = [&](const char* name) {
        return w.api().post(path_of(user, "/photos"),
                            {{"photo_images", {"https://media.example.com/1.jpg"}}, {"photo_cover_index", 0}},
                            {{"Idempotency-Key", name}});
    };
    const auto first = send("a");
    ASSERT_EQ(first.status, 200) << first.raw;
    ASSERT_EQ(w.stop_gateway(), 0);
    w.options.settings += "tiktok: {verified_url_prefixes: ['https://other.example.com/']}\n";
    EXPECT_EQ(send("a").body, first.body);
    const auto refused = send("b");
    EXPECT_EQ(refused.code(), "invalid_input") << refused.raw;
    EXPECT_EQ(refused.text_at("problem.fields.0.field"), "photo_images[0]");
    ASSERT_EQ(w.stop_gateway(), 0);
    w.options.settings = wide_windows;
    EXPECT_EQ(send("b").status, 200) << "the refusal is not remembered";
}

} // namespace
