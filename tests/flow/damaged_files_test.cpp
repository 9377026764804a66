// Staged bytes that change on the gateway's disk: no post is finished with them, and the operator hears of
// it.
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace {

using testing::HasSubstr;

class DamagedFiles : public action_test {
protected:
    std::filesystem::path place_of(const std::string& file) const {
        return w.folder().path() / "files" / file;
    }
    void change_last_byte(const std::string& file) const {
        std::fstream bytes(place_of(file), std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekp(-1, std::ios::end);
        bytes.put('\x7f');
    }
    harness::answer post(const std::string& user, const std::string& file) {
        return w.api().post(path_of(user, "/videos"),
                            {{"file_to_upload", {{"file_id", file}}}, {"publish", true}});
    }
    /// The states of all posts that TikTok has.
    std::vector<std::string> states_at_tiktok() {
        std::vector<std::string> states;
        const auto history = w.tiktok().history();
        for (const auto& each : history.at("posts").as_array())
            states.push_back(text_in(each.as_object(), "state"));
        return states;
    }
    void expect_fault_of_ours(const harness::answer& got) {
        EXPECT_EQ(got.status, 500) << got.raw;
        EXPECT_EQ(got.code(), "internal");
        EXPECT_THAT(got.raw, HasSubstr("disk"));
    }
};

TEST_F(DamagedFiles, AuditOBytesThatChangedOnTheDiskFinishNoPost) {
    const auto user = another_user();
    for (const std::size_t size : {5'000U, 12'000'000U, 70'000'000U}) {
        const auto file = stage(mp4(size));
        change_last_byte(file);
        expect_fault_of_ours(post(user, file));
    }
    for (const auto& state : states_at_tiktok())
        EXPECT_THAT(state, testing::AnyOf("PROCESSING_UPLOAD", "FAILED"));
    EXPECT_THAT(w.admin().get("/metrics").body, HasSubstr("tiktok_gateway_staged_files_damaged_total 3"));
    EXPECT_TRUE(w.gateway().process().says(R"("event":"file_damaged")"));
}

TEST_F(DamagedFiles, AuditOACutFileIsAFaultOfOursForAPostAndForADraft) {
    const auto user = another_user();
    const auto staged = stage(mp4(20'000));
    std::filesystem::resize_file(place_of(staged), 10'000);
    expect_fault_of_ours(post(user, staged));
    EXPECT_TRUE(states_at_tiktok().empty()) << "it is found before an init";

    const auto draft = upload(user, mp4(20'000));
    ASSERT_EQ(draft.status, 200) << draft.raw;
    const auto id = draft.text_at("data.publish_id");
    settled_post(id, "SEND_TO_USER_INBOX");
    std::filesystem::resize_file(place_of(draft.text_at("data.file_id")), 10'000);
    expect_fault_of_ours(w.api().post(path_of(user, "/posts/" + id + "/publish"),
                                      {{"caption", "x"}, {"privacy_level", "SELF_ONLY"}}));
    EXPECT_EQ(states_at_tiktok().size(), 1U);
}

TEST_F(DamagedFiles, DeathQKeptBytesThatCannotBeOpenedAreNotToldAsGone) {
    const auto user = another_user();
    const auto draft_of = [&] {
        const auto draft = upload(user, mp4(20'000));
        EXPECT_EQ(draft.status, 200) << draft.raw;
        settled_post(draft.text_at("data.publish_id"), "SEND_TO_USER_INBOX");
        return draft;
    };
    const auto publish = [&](const harness::answer& draft) {
        return w.api().post(path_of(user, "/posts/" + draft.text_at("data.publish_id") + "/publish"),
                            {{"caption", "x"}, {"privacy_level", "SELF_ONLY"}});
    };
    const auto linked = draft_of(), lost = draft_of(), deleted = draft_of();
    const auto place = place_of(linked.text_at("data.file_id"));
    std::filesystem::remove(place);
    std::filesystem::create_symlink("nowhere", place);
    expect_fault_of_ours(publish(linked));
    std::filesystem::remove(place_of(lost.text_at("data.file_id")));
    expect_fault_of_ours(publish(lost));
    EXPECT_EQ(w.api().del("/v1/files/" + deleted.text_at("data.file_id")).status, 200);
    EXPECT_EQ(publish(deleted).code(), "creator_action_required");
    EXPECT_EQ(states_at_tiktok().size(), 3U);
}

TEST_F(DamagedFiles, AuditOALinkInPlaceOfAFileLeadsNowhere) {
    const auto user = another_user();
    const auto bytes = mp4(20'000);
    const auto file = stage(bytes);
    w.folder().write("victim", bytes);
    std::filesystem::remove(place_of(file));
    std::filesystem::create_symlink(w.folder().path() / "victim", place_of(file));
    EXPECT_EQ(post(user, file).status, 500);
    EXPECT_EQ(w.api().del("/v1/files/" + file).status, 200);
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::symlink_status(place_of(file))));
    EXPECT_TRUE(std::filesystem::exists(w.folder().path() / "victim"));
}

} // namespace
