// Three replicas follow open posts while one of them is killed again and again, and callers ask for posts
// all the time: TikTok's window of a user is kept by all together, and each post comes to its end
// (docs/promises.md M10, L07). FOLLOWED_POSTS, FOLLOWED_USERS, FOLLOWED_KILLS and FOLLOWED_PAUSE_S choose
// the campaign; by default it is short enough for every test run.
#include "fault/campaign.hpp"
#include "fault/chaos/ending.hpp"
#include "fault/chaos/replica_set.hpp"
#include "flow/action_test.hpp"

#include <atomic>
#include <cstdio>
#include <mutex>
#include <random>
#include <system_error>
#include <thread>
#include <vector>

namespace fault {
namespace {

using gateway::milliseconds;
using gateway::seconds;

constexpr const char* status_path = "/v2/post/publish/status/fetch/";
constexpr std::size_t replica_count = 3, callers = 2;
constexpr milliseconds call_patience{20'000}, between_calls{20}, down_for{1'000};
/// The next look comes after a quarter of the time since the last news (service/posts/follow_up.hpp).
constexpr seconds ended_within{400};

/// All windows are large but that of status calls, which is TikTok's own.
constexpr const char* usual_status_window =
    "limits:\n  tiktok: {video_init_per_minute: 1000000, creator_info_per_minute: 1000000, "
    "pending_shares_per_day: 0}\n";
std::string tiktok_that_processes_for(milliseconds time) {
    return "limits: {creator_info_per_minute: 1000000, init_per_minute: 1000000, posts_per_day: 1000000}\n"
           "timing: {processing_ms: "
           + std::to_string(time.count()) + "}\nhistory_requests: 10000000\n";
}

class FollowedPosts : public testing::Test {
protected:
    struct open_post {
        std::string user, id;
    };

    FollowedPosts() {
        w.options.settings = usual_status_window;
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("followed");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "followed";
        // The posts end while replicas die.
        w.simulator_settings = tiktok_that_processes_for(pause * kills * 3 / 4);
        for (std::size_t which = 0; which < replica_count; ++which)
            EXPECT_EQ(replicas.start(which), "");
    }

    /// A client of a replica that runs.
    harness::http_client any(std::size_t which) const {
        for (;; ++which)
            if (auto client = replicas.client(which % replica_count, call_patience)) return *client;
    }
    void connect(const std::string& user) {
        w.tiktok().control().post("/accounts", {{"username", user}});
        const auto tokens = w.tiktok().make_tokens({{"account", user}});
        const auto got = any(0).put("/v1/users/" + user + "/tokens", tokens);
        EXPECT_EQ(got.status, 200) << got.raw;
    }
    void make_posts_of(std::size_t number) {
        const auto user = "user-" + std::to_string(number);
        connect(user);
        for (std::size_t count = 0; count < posts_of_each; ++count) {
            const auto made = any(number).call("POST", "/v1/users/" + user + "/videos?publish=true",
                                               {{"Content-Type", "video/mp4"}}, mp4(5'000));
            EXPECT_EQ(made.status, 200) << made.raw;
            const std::lock_guard guard(lock);
            posts.push_back({user, made.text_at("data.publish_id")});
        }
    }
    void make_posts() {
        std::atomic<std::size_t> next{0};
        std::vector<std::jthread> makers;
        for (std::size_t maker = 0; maker < replica_count; ++maker)
            makers.emplace_back([&] {
                for (auto number = next++; number < users; number = next++)
                    make_posts_of(number);
            });
    }

    /// A caller that asks again and again, out of the same windows.
    void ask_until(ending& over, std::uint32_t its_seed) {
        std::mt19937 dice(its_seed);
        while (!over.within(between_calls)) {
            const auto& post = posts[dice() % posts.size()];
            try {
                const auto got = any(dice()).get("/v1/users/" + post.user + "/posts/" + post.id);
                ++asked;
                if (got.status == 200) ++answered;
            } catch (const std::system_error&) { // that replica was killed
            }
        }
    }
    void kill_again_and_again() {
        ending never;
        for (std::uint32_t done = 0; done < kills; ++done) {
            const auto which = done % replica_count;
            never.within(pause - down_for);
            replicas.kill(which);
            never.within(down_for);
            EXPECT_EQ(replicas.start(which), "");
        }
    }
    void run() {
        make_posts();
        ending over;
        std::vector<std::jthread> threads;
        for (std::uint32_t caller = 0; caller < callers; ++caller)
            threads.emplace_back([this, &over, caller] { ask_until(over, seed + caller); });
        kill_again_and_again();
        over.now();
    }

    std::string count_of(const std::string& condition) const {
        return server.run("followed", "SELECT count(*) FROM posts WHERE " + condition);
    }
    void TearDown() override {
        std::fprintf(stderr,
                     "%zu posts of %u users, %u kills; callers asked %zu times, %zu times answered 200; the "
                     "most status calls of one user within a window: %s\n",
                     posts.size(), users, kills, asked.load(), answered.load(), most_calls.c_str());
    }

    const std::uint32_t seed = setting("FAULT_LAB_SEED", 20261201);
    const std::uint32_t users = setting("FOLLOWED_USERS", 12), posts_of_each = setting("FOLLOWED_POSTS", 10);
    const std::uint32_t kills = setting("FOLLOWED_KILLS", 4);
    const seconds pause{setting("FOLLOWED_PAUSE_S", 6)}; // from kill to kill
    harness::postgresql_server server;
    harness::world w{GATEWAY_PROGRAM, SIMULATOR_PROGRAM};
    replica_set replicas{w, GATEWAY_PROGRAM, replica_count};
    std::mutex lock; // for posts, while they are made
    std::vector<open_post> posts;
    std::atomic<std::size_t> asked{0}, answered{0};
    std::string most_calls;
};

TEST_F(FollowedPosts, M10L07EachEndsAndNoWindowIsExceededWhileReplicasDie) {
    run();
    EXPECT_EQ(posts.size(), std::size_t{users} * posts_of_each);
    EXPECT_GT(answered, 0U);
    EXPECT_TRUE(
        server.comes_true("followed", "NOT EXISTS (SELECT 1 FROM posts WHERE ended_at = 0)", ended_within))
        << count_of("ended_at = 0") << " have no end";
    EXPECT_EQ(count_of("status = 'PUBLISH_COMPLETE'"), std::to_string(posts.size()));

    const auto history = w.tiktok().history();
    const auto& window = history.at("windows").at(status_path).as_object();
    most_calls = std::to_string(window.at("calls").as_int64());
    EXPECT_LE(window.at("calls").as_int64(), window.at("limit").as_int64()) << window.at("account");
    EXPECT_EQ(window.at("above").as_int64(), 0);
    std::size_t refused = 0;
    for (const auto& one : history.at("requests").as_array())
        if (one.at("status").as_int64() == 429) ++refused;
    EXPECT_EQ(refused, 0U);
}

} // namespace
} // namespace fault
