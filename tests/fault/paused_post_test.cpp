// A replica is stopped in each step of a post (SIGSTOP) until it counts as dead and another one has settled
// what it left; then it wakes up and goes on. The times in the database are moved, so nothing waits a minute.
#include "fault/campaign.hpp"

#include <boost/json/array.hpp>

#include <csignal>
#include <future>
#include <memory>
#include <vector>

namespace fault {
namespace {

using gateway::seconds;
using gateway::steady_now;

constexpr seconds silence{61}, settled_within{30}, told_within{20};

class PausedPost : public testing::Test {
protected:
    PausedPost() {
        w.options.settings = wide_windows;
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("paused");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "paused";
        w.simulator_settings = wide_tiktok;
    }

    /// A call at a replica of its own that stopped in one step of it.
    struct paused_call {
        keyed_call what;
        std::string where;
        std::unique_ptr<harness::gateway_process> replica;
        std::future<harness::answer> late; // comes after it woke up
    };
    paused_call pause_at(const std::string& step, keyed_call_kind kind, std::size_t number) {
        const auto name = std::to_string(number);
        w.tiktok().control().post("/accounts", {{"username", "account" + name}});
        paused_call one{
            {.kind = kind, .user = "user-" + name, .key = "paused-" + name, .size_bytes = 20'000 + number},
            step + ", kind " + std::to_string(static_cast<int>(kind))};
        w.connect(one.what.user, {{"account", "account" + name}});
        auto options = w.options;
        options.variables["TIKTOK_GATEWAY_FAILPOINT"] = step + ":1:stop";
        one.replica = std::make_unique<harness::gateway_process>(GATEWAY_PROGRAM, w.folder(), w.tiktok(),
                                                                 w.client_secret(), w.caller_key(), options);
        const auto api = w.api_of(*one.replica);
        one.late = std::async(std::launch::async, [api, what = one.what] { return ask_for(api, what); });
        EXPECT_TRUE(one.replica->process().stands_still(seconds{10})) << one.where;
        return one;
    }
    void let_them_be_dead() {
        server.pass_time("paused", silence);
        EXPECT_TRUE(server.comes_true("paused",
                                      "NOT EXISTS (SELECT 1 FROM posts WHERE state = 'begun') AND NOT EXISTS "
                                      "(SELECT 1 FROM idempotency_keys WHERE finished = 0)",
                                      settled_within));
    }
    harness::answer ask_until_told(const harness::http_client& api, const keyed_call& what) {
        const auto end = steady_now() + told_within;
        auto got = ask_for(api, what);
        while (got.code() == "in_progress" && steady_now() < end)
            got = ask_for(api, what);
        return got;
    }
    /// Each row of the user's ledger with a publish_id is a post that TikTok has.
    void expect_rows_of_posts(const std::string& user, const std::string& where) {
        const auto list = w.api().get("/v1/users/" + user + "/posts").at("data.posts");
        ASSERT_TRUE(list.is_array()) << where;
        for (const auto& one : list.get_array()) {
            const auto& id = one.at("publish_id");
            if (id.is_null())
                EXPECT_NE(one.at("state"), "published") << where << ": " << one;
            else
                EXPECT_FALSE(w.tiktok().post(std::string(id.as_string())).empty()) << where << ": " << one;
        }
    }

    void expect_one_truth(paused_call& one, const harness::answer& meanwhile) {
        const auto late = one.late.get();
        const auto at_other = ask_until_told(w.api(), one.what);
        const auto at_it = ask_until_told(w.api_of(*one.replica), one.what);
        const auto posts = whole_posts_of(one.what, w.tiktok().history())[0];
        EXPECT_LE(posts, 1) << one.where << ", late: " << late.raw;
        for (const auto& got : {meanwhile, late, at_other, at_it})
            EXPECT_TRUE(got.status != 200 || posts == 1) << one.where << ": told as posted: " << got.raw;
        EXPECT_EQ(at_other.status, at_it.status) << one.where << ": " << at_other.raw << at_it.raw;
        const auto id = at_other.text_at("data.publish_id");
        EXPECT_EQ(at_it.text_at("data.publish_id"), id) << one.where;
        EXPECT_NE(at_other.code(), "in_progress") << one.where << ": " << at_other.raw;
        if (meanwhile.status == 200) {
            EXPECT_EQ(meanwhile.text_at("data.publish_id"), id) << one.where;
        }
        expect_rows_of_posts(one.what.user, one.where);
    }

    harness::postgresql_server server;
    harness::world w{GATEWAY_PROGRAM, SIMULATOR_PROGRAM};
};

TEST_F(PausedPost, I04DeathQAReplicaThatWakesUpInAnyStepOfAPostMakesNoSecondOneAndNobodyHearsTwoAnswers) {
    std::vector<paused_call> all;
    for (const auto kind : {keyed_call_kind::direct_upload, keyed_call_kind::photos})
        for (const std::string step : post_steps) {
            const bool of_uploads = step == "upload.chunk_taken" || step == "post.named";
            if (kind == keyed_call_kind::direct_upload || !of_uploads)
                all.push_back(pause_at(step, kind, all.size()));
        }
    let_them_be_dead();
    std::vector<harness::answer> meanwhile;
    for (const auto& one : all)
        meanwhile.push_back(ask_until_told(w.api(), one.what));
    for (const auto& one : all)
        one.replica->process().signal(SIGCONT);
    for (std::size_t i = 0; i < all.size(); ++i)
        expect_one_truth(all[i], meanwhile[i]);
}

} // namespace
} // namespace fault
