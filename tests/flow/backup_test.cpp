// A copy of the SQLite store that was made while the gateway ran, as docs/operations.md §12 tells it, is a
// store: what it knows is there again.
#include "flow/action_test.hpp"
#include "harness/sqlite_file.hpp"

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
    void make_copy() {
        harness::run_sqlite(store.string(), "VACUUM INTO '" + copy.string() + "'");
        fs::permissions(copy, fs::perms::owner_read | fs::perms::owner_write); // umask 077
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
    make_copy();
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

} // namespace
