// The gateway and TikTok's observed behaviour that differs from its documentation, each enabled by a switch
// of the simulator.
#include "flow/action_test.hpp"
#include "simulator/tests/pictures.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

namespace {

using gateway::simulator::testing::webp_extended;

class AsSeen : public action_test {
protected:
    AsSeen() { w.simulator_settings = "certificate: {names: [media.example.com]}\n"; }
    void change(const char* name, const char* value) { w.tiktok().change({{"switches", {{name, value}}}}); }
    harness::answer status_of(const std::string& user, const std::string& id) {
        return w.api().get(path_of(user, "/posts/" + id));
    }
    /// Lets the simulator serve these pictures to its own pulls.
    void serve(const std::vector<std::string>& pictures) {
        w.tiktok().change({{"resolve", {{"media.example.com", w.tiktok().api_port()}}}});
        for (std::size_t i = 0; i < pictures.size(); ++i)
            w.tiktok().add_fault({{"match", {{"path", "/" + std::to_string(i) + ".webp"}}},
                                  {"do", {{"status", 200}, {"body", pictures[i]}}}});
    }
    std::string post_photos(const std::string& user, std::size_t count) {
        boost::json::array urls;
        for (std::size_t i = 0; i < count; ++i)
            urls.emplace_back("https://media.example.com/" + std::to_string(i) + ".webp");
        const auto got = w.api().post(
            path_of(user, "/photos"),
            {{"photo_images", std::move(urls)}, {"photo_cover_index", 0}, {"post_mode", "DIRECT_POST"}});
        EXPECT_EQ(got.status, 200) << got.raw;
        return got.text_at("data.publish_id");
    }
};

TEST_F(AsSeen, FaultSCursorZeroIsTheFirstPageThroughTheGatewayToo) {
    const auto user = another_user();
    const auto first = w.api().get(path_of(user, "/videos"));
    const auto zero = w.api().get(path_of(user, "/videos?cursor=0"));
    ASSERT_EQ(zero.status, 200) << zero.raw;
    EXPECT_EQ(zero.at("data.videos").as_array().size(), 20U);
    EXPECT_EQ(zero.body, first.body);
}

TEST_F(AsSeen, FaultVOnePictureOfTooManyPixelsFailsThePostOfAll) {
    const auto user = another_user();
    serve({webp_extended(1'080, 1'920), webp_extended(1'920, 1'080)});
    const auto good = post_photos(user, 2);
    EXPECT_EQ(text_in(settled_post(good, "PUBLISH_COMPLETE"), "state"), "PUBLISH_COMPLETE");
    w.tiktok().clear_faults();
    serve({webp_extended(1'080, 1'920), webp_extended(1'920, 1'081)});
    const auto bad = post_photos(user, 2);
    EXPECT_EQ(text_in(settled_post(bad, "FAILED"), "state"), "FAILED");
    const auto told = status_of(user, bad);
    ASSERT_EQ(told.status, 200) << told.raw;
    EXPECT_EQ(told.text_at("data.state"), "failed");
    EXPECT_EQ(told.text_at("data.fail_reason"), "picture_size_check_failed");
}

TEST_F(AsSeen, FaultVPostIdsThatAreAbsentOrNeverComeSpoilNoStatus) {
    change("no_post_ids", "absent");
    change("post_ids_come", "never");
    const auto user = another_user();
    const auto id =
        upload(user, mp4(5'000), "publish=true&privacy_level=PUBLIC_TO_EVERYONE").text_at("data.publish_id");
    EXPECT_EQ(text_in(settled_post(id, "PUBLISH_COMPLETE"), "state"), "PUBLISH_COMPLETE");
    const auto never = status_of(user, id);
    ASSERT_EQ(never.status, 200) << never.raw;
    EXPECT_EQ(never.text_at("data.state"), "published");
    EXPECT_EQ(never.text_at("data.publicaly_available_post_id.0"), "");
}

TEST_F(AsSeen, FaultVAPullThatNeverEndsIsProcessingAndCanBeCancelled) {
    change("endless_pulls", "all");
    const auto user = another_user();
    const auto got =
        w.api().post(path_of(user, "/videos"), {{"video_url", "https://media.example.com/v.mp4"}});
    ASSERT_EQ(got.status, 200) << got.raw;
    const auto id = got.text_at("data.publish_id");
    w.tiktok().advance_clock(std::chrono::hours{2});
    const auto told = status_of(user, id);
    EXPECT_EQ(told.text_at("data.status"), "PROCESSING_DOWNLOAD") << told.raw;
    EXPECT_EQ(told.text_at("data.state"), "processing");
    EXPECT_EQ(w.api().del(path_of(user, "/posts/" + id)).status, 200);
    EXPECT_EQ(text_in(w.tiktok().post(id), "fail_reason"), "publish_cancelled");
}

TEST_F(AsSeen, FaultURefusalsAreReadAlsoWithoutData) {
    for (const char* data : {"empty", "absent"}) {
        change("refused_data", data);
        const auto user = another_user();
        w.tiktok().change({{"limits", {{"posts_per_day", 0}}}});
        const auto capped = upload(user, mp4(40), "publish=true");
        EXPECT_EQ(capped.status, 429) << data << capped.raw;
        EXPECT_EQ(capped.text_at("problem.tiktok.code"), "spam_risk_too_many_posts") << data;
        EXPECT_EQ(w.api().get(path_of(user, "/posts/v_pub_file~v2-1.1")).code(), "no_such_post") << data;
    }
}

} // namespace
