// A copy of the SQLite store that was made while the gateway ran, as docs/operations.md §12 tells it, is a
// store: what it knows is there again.
#include "flow/action_test.hpp"
#include "flow/commands_test.hpp"

#include <filesystem>

namespace {

namespace fs = std::filesystem;

class Backups : public action_test {
protected:
    Backups() { w.simulator_settings = wide_tiktok; }

    std::string post(const std::string& key) {
        const auto posted = upload("ann", video, "publish=true", {{"Idempotency-Key", key}});
        EXPECT_EQ(posted.status, 200) << posted.raw;
        return posted.text_at("data.publish_id");
    }
    harness::ended back_up(const fs::path& into) {
        const auto variables = harness::gateway_variables(w.folder(), w.tiktok(), w.options, w.caller_key());
        return harness::run_to_end({GATEWAY_PROGRAM, "--config",
                                    (w.folder().path() / "gateway.yaml").string(), "backup", into.string()},
                                   w.folder(), variables);
    }
    void put_back() {
        for (const char* suffix : {"", "-wal", "-shm"})
            fs::remove(store.string() + suffix);
        fs::copy_file(copy, store);
    }

    const fs::path store = w.folder().path() / "gateway.db", copy = w.folder().path() / "copy.db";
    const std::string video = mp4(200'000);
};

TEST_F(Backups, HourMACopyMadeWhileItRunsHoldsWhatWasAcknowledgedBefore) {
    w.connect("ann");
    const auto before = post("before");
    const auto copied = back_up(copy);
    ASSERT_EQ(copied.status, 0) << copied.errors;
    EXPECT_EQ(copied.output, "the store is copied to " + copy.string() + "\n");
    EXPECT_EQ(fs::status(copy).permissions(), fs::perms::owner_read | fs::perms::owner_write);
    const auto after = post("after");
    w.connect("eve", {{"account", "bob"}});
    EXPECT_EQ(w.stop_gateway(), 0);
    put_back();

    EXPECT_EQ(w.api().get("/v1/users/ann/info").status, 200);
    EXPECT_EQ(post("before"), before) << "the key of before the copy is known";
    EXPECT_EQ(w.api().get("/v1/users/eve").code(), "user_not_connected");
    const auto told = w.api().get("/v1/users/ann/posts");
    EXPECT_NE(told.body.find(before), std::string::npos);
    EXPECT_EQ(told.body.find(after), std::string::npos);
    EXPECT_EQ(calls_of("/v2/post/publish/video/init/"), 2U);
    EXPECT_NE(post("after"), after) << "the page warns of it: a key from after the copy posts again";
}

TEST_F(Backups, HourMACopyIsNeverWrittenOverAFileAndNeverOfNothing) {
    w.connect("ann");
    w.folder().write("there.db", "kept");
    const auto over = back_up(w.folder().path() / "there.db");
    EXPECT_EQ(over.status, 1);
    EXPECT_NE(over.errors.find("is there already"), std::string::npos) << over.errors;
    EXPECT_EQ(fs::file_size(w.folder().path() / "there.db"), 4U);
    const auto nowhere = back_up(w.folder().path() / "no" / "copy.db");
    EXPECT_EQ(nowhere.status, 1);
    EXPECT_EQ(w.stop_gateway(), 0);
    fs::remove(store);
    const auto none = back_up(copy);
    EXPECT_EQ(none.status, 1);
    EXPECT_NE(none.errors.find("There is no store"), std::string::npos) << none.errors;
    EXPECT_FALSE(fs::exists(copy)) << "an empty copy would be believed";
}

} // namespace
