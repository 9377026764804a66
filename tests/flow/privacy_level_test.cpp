// The audience of a direct post is told: in the answer, in the ledger's row, and by a warning where nobody
// has asked for it (docs/contract.md §4).
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>

namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view default_warning =
    "No privacy_level was given, so this post has the gateway's default, SELF_ONLY: only the creator sees "
    "it.";
constexpr std::string_view warning_begins = "No privacy_level was given";

class PrivacyLevel : public action_test {
protected:
    static std::string warnings_in(const harness::answer& of, std::string_view at = "data.warnings") {
        return boost::json::serialize(of.at(at));
    }
    harness::answer post_photos(const std::string& user, boost::json::object more) {
        more["photo_images"] = {"https://media.example.com/1.jpg"};
        more["photo_cover_index"] = 0;
        return w.api().post(path_of(user, "/photos"), more);
    }
    /// A draft that waits in the inbox; its publish_id.
    std::string draft_of(const std::string& user) {
        const auto id = upload(user, mp4(5'000)).text_at("data.publish_id");
        settled_post(id, "SEND_TO_USER_INBOX");
        return id;
    }
    std::string newest_row(const std::string& user, std::string_view member) {
        const auto listed = w.api().get(path_of(user, "/posts"));
        return boost::json::serialize(listed.at("data.posts.0." + std::string(member)));
    }
};

TEST_F(PrivacyLevel, HourFADefaultThatNobodyAskedForIsToldByAWarning) {
    const auto user = another_user();
    const auto bytes = upload(user, mp4(5'000), "publish=true");
    EXPECT_EQ(bytes.text_at("data.privacy_level"), "SELF_ONLY") << bytes.raw;
    EXPECT_THAT(warnings_in(bytes), HasSubstr(default_warning));
    EXPECT_EQ(newest_row(user, "privacy_level"), R"("SELF_ONLY")");
    const auto url = w.api().post(path_of(user, "/videos"),
                                  {{"video_url", "https://media.example.com/a.mp4"}, {"publish", true}});
    EXPECT_EQ(url.text_at("data.privacy_level"), "SELF_ONLY") << url.raw;
    EXPECT_THAT(warnings_in(url), HasSubstr(default_warning));
    const auto photos = post_photos(user, {{"post_mode", "DIRECT_POST"}});
    EXPECT_EQ(photos.text_at("data.privacy_level"), "SELF_ONLY") << photos.raw;
    EXPECT_THAT(warnings_in(photos), HasSubstr(default_warning));
    const auto id = draft_of(user);
    const auto draft = w.api().post(path_of(user, "/posts/" + id + "/publish"), boost::json::object{});
    EXPECT_EQ(draft.text_at("data.privacy_level"), "SELF_ONLY") << draft.raw;
    EXPECT_THAT(warnings_in(draft), HasSubstr(default_warning));
}

TEST_F(PrivacyLevel, HourFALevelThatWasAskedForIsToldWithoutAWarning) {
    const auto user = another_user();
    const auto bytes = upload(user, mp4(5'000), "publish=true&privacy_level=SELF_ONLY");
    EXPECT_EQ(bytes.text_at("data.privacy_level"), "SELF_ONLY") << bytes.raw;
    EXPECT_EQ(warnings_in(bytes), "[]");
    const auto photos =
        post_photos(user, {{"post_mode", "DIRECT_POST"}, {"privacy_level", "MUTUAL_FOLLOW_FRIENDS"}});
    EXPECT_EQ(photos.text_at("data.privacy_level"), "MUTUAL_FOLLOW_FRIENDS") << photos.raw;
    EXPECT_EQ(warnings_in(photos), "[]");
    EXPECT_EQ(newest_row(user, "privacy_level"), R"("MUTUAL_FOLLOW_FRIENDS")");
}

TEST_F(PrivacyLevel, HourFAnotherDefaultIsToldByItsName) {
    w.options.settings = std::string(wide_windows) + "tiktok: {default_privacy_level: PUBLIC_TO_EVERYONE}\n";
    const auto user = another_user();
    const auto got = upload(user, mp4(5'000), "publish=true");
    EXPECT_EQ(got.text_at("data.privacy_level"), "PUBLIC_TO_EVERYONE") << got.raw;
    EXPECT_THAT(warnings_in(got), HasSubstr("the gateway's default, PUBLIC_TO_EVERYONE."));
    EXPECT_THAT(warnings_in(got), Not(HasSubstr("only the creator")));
}

TEST_F(PrivacyLevel, HourFInTheInboxTheCreatorChoosesIt) {
    const auto user = another_user();
    const auto bytes = upload(user, mp4(5'000), "privacy_level=PUBLIC_TO_EVERYONE");
    EXPECT_TRUE(bytes.at("data.privacy_level").is_null()) << bytes.raw;
    EXPECT_THAT(warnings_in(bytes), Not(HasSubstr(warning_begins)));
    EXPECT_EQ(newest_row(user, "privacy_level"), "null");
    const auto photos = post_photos(user, {{"post_mode", "MEDIA_UPLOAD"}});
    EXPECT_TRUE(photos.at("data.privacy_level").is_null()) << photos.raw;
    EXPECT_THAT(warnings_in(photos), Not(HasSubstr(warning_begins)));
}

TEST_F(PrivacyLevel, HourFEachFileOfABatchTellsItAndTellsItAgain) {
    const auto user = another_user();
    const boost::json::array files{{{"file_id", stage(mp4(5'000))}},
                                   {{"file_id", stage(std::string(9, 'x'))}}};
    const auto send = [&] {
        return w.api().post(path_of(user, "/videos/batch"), {{"files_to_upload", files}, {"publish", true}},
                            {{"Idempotency-Key", "batch"}});
    };
    const auto first = send();
    EXPECT_EQ(first.text_at("data.results.0.privacy_level"), "SELF_ONLY") << first.raw;
    EXPECT_THAT(warnings_in(first, "data.results.0.warnings"), HasSubstr(default_warning));
    EXPECT_TRUE(first.at("data.results.1.privacy_level").is_null()) << first.raw;
    const auto again = send();
    EXPECT_EQ(boost::json::serialize(again.at("data.results.0")),
              boost::json::serialize(first.at("data.results.0")));
}

TEST_F(PrivacyLevel, HourFAskedAgainAPublishTellsTheLevelOfThePostThatIsThere) {
    const auto user = another_user();
    const auto target = path_of(user, "/posts/" + draft_of(user) + "/publish");
    const auto first = w.api().post(target, {{"privacy_level", "MUTUAL_FOLLOW_FRIENDS"}});
    ASSERT_EQ(first.text_at("data.privacy_level"), "MUTUAL_FOLLOW_FRIENDS") << first.raw;
    const auto again = w.api().post(target, {{"privacy_level", "PUBLIC_TO_EVERYONE"}});
    EXPECT_EQ(again.text_at("data.publish_id"), first.text_at("data.publish_id")) << again.raw;
    EXPECT_EQ(again.text_at("data.privacy_level"), "MUTUAL_FOLLOW_FRIENDS");
    EXPECT_THAT(warnings_in(again), HasSubstr("was not applied"));
    EXPECT_THAT(warnings_in(first), Not(HasSubstr("was not applied")));
    const auto direct = first.text_at("data.publish_id");
    const auto as_it_is =
        w.api().post(path_of(user, "/posts/" + direct + "/publish"), {{"privacy_level", "SELF_ONLY"}});
    EXPECT_EQ(as_it_is.text_at("data.privacy_level"), "MUTUAL_FOLLOW_FRIENDS") << as_it_is.raw;
    EXPECT_THAT(warnings_in(as_it_is), HasSubstr("was not applied"));
    const auto unasked = w.api().post(path_of(user, "/posts/" + direct + "/publish"), boost::json::object{});
    EXPECT_EQ(warnings_in(unasked), "[]") << unasked.raw;
}

} // namespace
