// The disk becomes full while calls run, on SQLite: nothing is posted twice, and the service recovers by
// itself when there is space again (docs/promises.md V01).
#include "flow/action_test.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <future>

namespace {

using testing::HasSubstr;

class FullDisk : public action_test {
protected:
    FullDisk() {
        w.options.variables["LD_PRELOAD"] = FULL_DISK_LIBRARY;
        w.options.variables["FULL_DISK"] = flag_.string();
    }

    void fill_the_disk() const { std::ofstream{flag_} << "full"; }
    void make_room() const { std::filesystem::remove(flag_); }

    static harness::fields key(const std::string& text) { return {{"Idempotency-Key", text}}; }
    harness::answer publish(const std::string& user, const std::string& name) {
        return upload(user, mp4(50'000), "publish=true&privacy_level=SELF_ONLY&caption=" + name, key(name));
    }
    /// A publish whose bytes TikTok has, while its answer is delayed.
    std::future<harness::answer> publish_slowly(const std::string& user, const std::string& name) {
        w.tiktok().add_fault({{"match", {{"listener", "upload"}}}, {"do", {{"delay_ms", 2'000}}}});
        auto call = std::async(std::launch::async, [this, user, name] { return publish(user, name); });
        EXPECT_TRUE(metrics_come_to([](const std::string& all) {
            return all.find("tiktok_gateway_upload_bytes_total{direction=\"out\"} 0\n") == std::string::npos;
        }));
        return call;
    }
    template <class Holds>
    bool metrics_come_to(Holds holds) {
        const auto until = gateway::steady_now() + gateway::seconds{30};
        while (gateway::steady_now() < until)
            if (holds(w.admin().get("/metrics").body)) return true;
        return false;
    }
    bool nothing_waits_any_more() {
        return metrics_come_to([](const std::string& all) {
            return all.find("tiktok_gateway_store_late_writes 0\n") != std::string::npos
                   && all.find("tiktok_gateway_store_has_no_room 0\n") != std::string::npos;
        });
    }
    /// The only row of this user in the ledger.
    harness::answer posts_of(const std::string& user) { return w.api().get(path_of(user, "/posts")); }

    static constexpr const char* init = "/v2/post/publish/video/init/";

private:
    const std::filesystem::path flag_ = w.folder().path() / "disk.full";
};

TEST_F(FullDisk, FaultQAKeyedPublishThatEndsWithoutRoomHealsWithoutARestart) {
    const auto user = another_user();
    auto call = publish_slowly(user, "story");
    fill_the_disk();
    const auto first = call.get();
    ASSERT_EQ(first.status, 200) << first.raw;
    EXPECT_THAT(first.body, HasSubstr("could not be written down here"));
    EXPECT_NE(posts_of(user).text_at("data.posts.0.state"), "failed");
    EXPECT_EQ(posts_of(user).at("data.posts.0.sha256"), boost::json::value()) << "as far as the disk knows";

    const auto without_room = publish(user, "story");
    EXPECT_EQ(without_room.status, 200) << without_room.raw;
    EXPECT_EQ(without_room.header("idempotent-replayed"), "true");
    EXPECT_EQ(without_room.body, first.body);
    const auto other = upload(user, mp4(50'001), "publish=true&privacy_level=SELF_ONLY", key("story"));
    EXPECT_EQ(other.code(), "idempotency_key_reused") << other.raw;

    make_room();
    ASSERT_TRUE(nothing_waits_any_more());
    EXPECT_EQ(posts_of(user).text_at("data.posts.0.sha256").size(), 64U);
    EXPECT_EQ(posts_of(user).text_at("data.posts.0.publish_id"), first.text_at("data.publish_id"));
    const auto healed = publish(user, "story");
    EXPECT_EQ(healed.body, first.body);
    EXPECT_EQ(healed.header("idempotent-replayed"), "true");

    ASSERT_EQ(w.stop_gateway(9), 128 + 9);
    const auto after_a_crash = publish(user, "story");
    EXPECT_EQ(after_a_crash.body, first.body) << "it was durable";
    EXPECT_EQ(after_a_crash.header("idempotent-replayed"), "true");
    EXPECT_EQ(calls_of(init), 1U);
}

TEST_F(FullDisk, DeathIAnAnswerWithoutRoomSaysThatItIsNotStoredAndIsCounted) {
    const auto user = another_user();
    auto keyed = publish_slowly(user, "keyed");
    fill_the_disk();
    const auto first = keyed.get();
    ASSERT_EQ(first.status, 200) << first.raw;
    EXPECT_THAT(first.body, HasSubstr("could not be stored yet"));
    EXPECT_THAT(w.admin().get("/metrics").body, HasSubstr("tiktok_gateway_undurable_answers_total 1\n"));
    make_room();
    ASSERT_TRUE(nothing_waits_any_more());
    EXPECT_EQ(publish(user, "keyed").body, first.body);
    EXPECT_THAT(w.admin().get("/metrics").body, HasSubstr("tiktok_gateway_undurable_answers_total 1\n"));
}

TEST_F(FullDisk, FaultQWhatStillWaitsIsWrittenWhenTheGatewayDrains) {
    const auto user = another_user();
    auto call = publish_slowly(user, "drained");
    fill_the_disk();
    const auto first = call.get();
    ASSERT_EQ(first.status, 200) << first.raw;
    make_room();
    ASSERT_EQ(w.stop_gateway(), 0);
    const auto again = publish(user, "drained");
    EXPECT_EQ(again.body, first.body) << again.raw;
    EXPECT_EQ(calls_of(init), 1U);
}

TEST_F(FullDisk, FaultQARestartWithoutRoomPostsNothingTwiceEither) {
    const auto user = another_user();
    auto call = publish_slowly(user, "lost");
    fill_the_disk();
    ASSERT_EQ(call.get().status, 200);
    ASSERT_EQ(w.stop_gateway(), 0);
    make_room();
    // Until the interrupted calls of the previous process are settled, which is checked every few seconds.
    const auto end = gateway::steady_now() + gateway::seconds{30};
    auto again = publish(user, "lost");
    while (again.code() == "in_progress" && gateway::steady_now() < end)
        again = publish(user, "lost");
    EXPECT_NE(again.code(), "in_progress") << again.raw;
    EXPECT_EQ(calls_of(init), 1U);
}

} // namespace
