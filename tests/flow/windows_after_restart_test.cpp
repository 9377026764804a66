// A window is what it was when the gateway starts again, whatever ended it (docs/promises.md L06). SQLite;
// with PostgreSQL the store has the replicas' shares.
#include "flow/action_test.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

namespace {

using testing::HasSubstr;

class WindowsAfterRestart : public action_test {
protected:
    WindowsAfterRestart() {
        w.options.settings = "limits: {tiktok: {user_info_per_minute: 40}}\n"; // else TikTok's real limits
        // TikTok takes more than it should; no post ends, so it is asked for the status each time.
        w.simulator_settings = std::string(wide_tiktok) + "timing: {pull_start_ms: 3600000}\n";
        w.connect("ann");
    }
    std::string make_post() {
        const boost::json::value photos{{"photo_images", {"https://media.example.com/1.jpg"}},
                                        {"photo_cover_index", 0},
                                        {"post_mode", "MEDIA_UPLOAD"}};
        const auto post = w.api().post("/v1/users/ann/photos", photos);
        EXPECT_EQ(post.status, 200) << post.raw;
        return "/v1/users/ann/posts/" + post.text_at("data.publish_id");
    }
    /// Calls until the window is full.
    harness::answer fill(const std::string& path) {
        for (int i = 0; i < 50; ++i) {
            auto got = w.api().get(path);
            if (got.status != 200) return got;
        }
        ADD_FAILURE() << path << " is never refused";
        return {};
    }
    bool logs(const std::string& event) {
        const auto until = gateway::deadline::in(gateway::steady_now(), gateway::seconds{10});
        while (w.everything_said().find(event) == std::string::npos)
            if (until.passed(gateway::steady_now())) return false;
        return true;
    }
    std::string left_of_creator() { return w.api().get("/v1/users/ann/creator").header("ratelimit"); }

    static constexpr const char* creator_path = "/v2/post/publish/creator_info/query/";
    static constexpr const char* status_path = "/v2/post/publish/status/fetch/";
};

TEST_F(WindowsAfterRestart, L06DeathOAFullWindowStaysFull) {
    const auto status_of = make_post();
    const std::map<std::string, std::size_t> limits{
        {"/v1/users/ann/creator", 20}, {status_of, 30}, {"/v1/users/ann/info", 40}};
    std::map<std::string, std::int64_t> told;
    for (const int how : {0, SIGTERM, SIGKILL, SIGTERM, SIGKILL}) {
        if (how != 0) w.stop_gateway(how);
        for (const auto& [path, limit] : limits) {
            const auto refused = fill(path);
            EXPECT_EQ(refused.text_at("problem.limit_scope"), "tiktok_user") << refused.raw;
            const auto wait = refused.at("problem.retry_after_ms").as_int64();
            EXPECT_GT(wait, 0) << path;
            EXPECT_LE(wait, told.contains(path) ? told[path] : 60'000) << path;
            told[path] = wait;
        }
    }
    EXPECT_EQ(calls_of(creator_path), 20U);
    EXPECT_EQ(calls_of(status_path), 30U);
    EXPECT_EQ(calls_of("/v2/user/info/"), 40U) << "with the one of the import";
}

TEST_F(WindowsAfterRestart, L06DeathOAWindowIsWhatItWas) {
    EXPECT_THAT(left_of_creator(), HasSubstr("\"tiktok_user\";r=19"));
    int left = 18;
    for (const int how : {SIGTERM, SIGKILL, SIGKILL, SIGTERM}) {
        w.stop_gateway(how);
        EXPECT_THAT(left_of_creator(), HasSubstr("\"tiktok_user\";r=" + std::to_string(left--)));
    }
}

TEST_F(WindowsAfterRestart, L06DeathOACallInFlightAtAKillCounts) {
    EXPECT_THAT(left_of_creator(), HasSubstr("\"tiktok_user\";r=19"));
    w.tiktok().add_fault({{"match", {{"path", creator_path}}}, {"do", {{"hang", true}}}});
    auto client = w.api();
    const std::jthread call([&client] {
        try {
            client.get("/v1/users/ann/creator");
        } catch (const std::runtime_error&) { // the gateway is killed
        }
    });
    const auto until = gateway::deadline::in(gateway::steady_now(), gateway::seconds{20});
    while (calls_of(creator_path) < 2 && !until.passed(gateway::steady_now())) {
    }
    w.stop_gateway(SIGKILL);
    EXPECT_THAT(left_of_creator(), HasSubstr("\"tiktok_user\";r=17"));
}

TEST_F(WindowsAfterRestart, L06DeathOADamagedJournalMakesWindowsFullAndIsTold) {
    EXPECT_EQ(w.api().get("/v1/users/ann/creator").status, 200);
    w.stop_gateway();
    std::ofstream(w.folder().path() / "gateway.db-windows") << "not a journal";
    const auto refused = w.api().get("/v1/users/ann/creator");
    EXPECT_EQ(refused.status, 429) << refused.raw;
    EXPECT_EQ(refused.text_at("problem.limit_scope"), "tiktok_user");
    EXPECT_LE(refused.at("problem.retry_after_ms").as_int64(), 60'000);
    EXPECT_TRUE(logs("\"windows_unknown\""));
}

TEST_F(WindowsAfterRestart, L06DeathOAJournalThatCannotBeMadeIsTold) {
    EXPECT_THAT(left_of_creator(), HasSubstr("\"tiktok_user\";r=19"));
    w.stop_gateway();
    std::filesystem::create_directories(w.folder().path() / "gateway.db-windows.new" / "in the way");
    w.options.variables["TIKTOK_GATEWAY__WORKERS"] = "1"; // so that one of another size is made
    EXPECT_THAT(left_of_creator(), HasSubstr("\"tiktok_user\";r=18")) << "what was known counts";
    EXPECT_TRUE(logs("\"windows_not_kept\""));
}

} // namespace
