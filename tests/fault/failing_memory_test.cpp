// One allocation fails, each in turn, in each kind of call: that call may end with 500 or without an answer,
// the next one is served, and no file, key or token is lost (docs/promises.md P07).
#include "fault/failing_memory.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <map>

namespace fault {
namespace {

TEST_F(FailingMemory, P07AuditMAReadAndItsConnection) {
    const auto user = another_user();
    expect_service(user);
    const auto call = [&](int) { patient_for(seconds{20}).get(path_of(user, "/info")); };
    // Which allocations are those of Asio's own steps depends on when a connection is kept, and when not.
    for (int round = 0; round < 20 && fault_->failed.load() == fault_->thrown.load(); ++round)
        fail_each_allocation_of(call, [&](int) { expect_service(user); });
    EXPECT_TRUE(w.gateway().process().says("exceptions_caught"));
    EXPECT_GT(fault_->failed.load(), fault_->thrown.load()) << "some were served from the reserve";
}

TEST_F(FailingMemory, P07AuditMAReadOfTheStoreAlone) {
    const auto user = another_user();
    const auto call = [&](int) { patient_for(seconds{20}).get("/v1/users"); };
    fail_each_allocation_of(call, [&](int) {
        const auto got = patient_for(seconds{20}).get("/v1/users/" + user);
        EXPECT_EQ(got.status, 200) << got.raw;
    });
}

TEST_F(FailingMemory, P07AuditMTheAdminPort) {
    const auto user = another_user();
    for (const char* path : {"/metrics", "/readyz"}) {
        const auto call = [&](int) { w.admin().get(path); };
        fail_each_allocation_of(call, [&](int) { EXPECT_EQ(w.admin().get(path).status, 200); });
    }
    expect_service(user);
}

TEST_F(FailingMemory, P07AuditMAnImportAndALoginLoseNoToken) {
    const auto user = another_user();
    harness::answer imported;
    const auto import = [&](int) { // for one user, because an account has few
        const auto tokens = w.tiktok().make_tokens({{"account", "alice"}});
        imported = patient_for(seconds{20}).put("/v1/users/imported/tokens", tokens);
    };
    fail_each_allocation_of(import, [&](int) {
        if (imported.status == 200) expect_service("imported");
        expect_service(user);
    });
    const auto begin = [&](int) {
        patient_for(seconds{20}).post("/v1/users/login/connect", boost::json::object{});
    };
    fail_each_allocation_of(begin, [&](int) { expect_service(user); });
}

TEST_F(FailingMemory, P07AuditMARefreshLosesNoToken) {
    const auto user = another_user();
    expect_service(user);
    const auto call = [&](int) {
        w.tiktok().advance_clock(std::chrono::hours{25}); // TikTok takes the access token no more
        patient_for(seconds{20}).get(path_of(user, "/info"));
    };
    fail_each_allocation_of(
        call,
        [&](int) {
            const auto got = settled([&] { return w.api().get(path_of(user, "/info")); });
            EXPECT_EQ(got.status, 200) << got.raw;
        },
        300); // the refresh token lives for a year
}

TEST_F(FailingMemory, P07AuditMAFileIsStagedOrNot) {
    const auto user = another_user();
    const auto video = mp4(300'000);
    std::map<int, std::string> staged;
    const auto call = [&](int n) {
        staged[n] = patient_for(seconds{20})
                        .call("POST", "/v1/files", {{"Content-Type", "video/mp4"}}, video)
                        .text_at("data.file_id");
    };
    fail_each_allocation_of(call, [&](int n) {
        if (!staged[n].empty()) {
            EXPECT_EQ(w.api().get("/v1/files/" + staged[n]).text_at("data.sha256"), sha256_of(video));
        }
        expect_service(user);
    });
    for (const auto& [n, file] : staged) // whatever failed later
        if (!file.empty()) {
            EXPECT_EQ(w.api().get("/v1/files/" + file).status, 200);
        }
    const auto again = stage(video);
    EXPECT_FALSE(again.empty());
    const auto post = w.api().post(path_of(user, "/videos"), {{"file_to_upload", {{"file_id", again}}}});
    EXPECT_EQ(post.status, 200) << post.raw;
}

TEST_F(FailingMemory, P07AuditMAnUploadWithAKeyIsDoneOnceAndItsKeyAnswers) {
    const auto user = another_user();
    const auto video = mp4(50'000);
    const auto send = [&](int n) {
        return upload(user, video, "publish=true", {{"Idempotency-Key", "upload-" + std::to_string(n)}});
    };
    fail_each_allocation_of_write(send, 1);
}

TEST_F(FailingMemory, P07AuditMAPhotoPostWithAKeyIsMadeOnce) {
    const auto user = another_user();
    fail_each_allocation_of_write([&](int n) { return send_photo(user, n); }, 1);
}

TEST_F(FailingMemory, P07AuditMAReload) {
    const auto user = another_user();
    const auto call = [&](int) {
        w.gateway().process().signal(SIGHUP);
        (void)w.admin().get("/metrics");
    };
    fail_each_allocation_of(
        call, [&](int) { expect_service(user); }, 400);
}

} // namespace
} // namespace fault
