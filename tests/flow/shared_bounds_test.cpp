// Bounds that callers share, each with a greedy caller and a quiet one (docs/shared-bounds.md): what the
// greedy one claims, or really holds, never keeps the quiet one from its first calls.
#include "base/digest.hpp"
#include "flow/action_test.hpp"

#include <gmock/gmock.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

namespace {

using gateway::milliseconds;
using gateway::seconds;
using sockets = std::vector<std::unique_ptr<harness::raw_socket>>;

class SharedBounds : public action_test {
protected:
    SharedBounds() { callers(true); }

    /// One caller, `flow` with the world's key, or also the quiet one.
    void callers(bool two) {
        const auto entry = [](const std::string& name, const std::string& key) {
            return "{name: " + name + ", key_sha256: " + gateway::to_hex(gateway::sha256(key))
                   + ", requests_per_minute: 1000000}";
        };
        w.options.variables["TIKTOK_GATEWAY__CALLERS"] =
            "[" + entry("greedy", w.caller_key()) + (two ? ", " + entry("quiet", quiet_key) : "") + "]";
    }
    harness::http_client quiet() {
        harness::http_client client(w.gateway().port(), w.heard());
        client.always_send("Authorization", std::string("Bearer ") + quiet_key);
        client.wait_at_most(seconds{30});
        return client;
    }
    harness::answer quiet_uploads(const std::string& user, const std::string& bytes,
                                  const std::string& query = {}) {
        return quiet().call("POST", path_of(user, "/videos" + query), {{"Content-Type", "video/mp4"}}, bytes);
    }
    harness::answer quiet_stages(const std::string& bytes) {
        return quiet().call("POST", "/v1/files", {{"Content-Type", "video/mp4"}}, bytes);
    }
    /// Announces a body of `size_bytes` and sends only the first of them.
    std::unique_ptr<harness::raw_socket> announce(const std::string& target, std::uint64_t size_bytes,
                                                  const std::string& first) {
        auto client = std::make_unique<harness::raw_socket>(w.gateway().port(), w.heard());
        client->send("POST " + target + " HTTP/1.1\r\nHost: localhost\r\nx-api-key: " + w.caller_key()
                     + "\r\nContent-Type: video/mp4\r\nContent-Length: " + std::to_string(size_bytes)
                     + "\r\n\r\n" + first);
        return client;
    }
    bool metrics_have(const std::string& line) {
        const auto until = gateway::steady_now() + seconds{20};
        while (gateway::steady_now() < until)
            if (w.admin().get("/metrics").body.find(line) != std::string::npos) return true;
        return false;
    }
    /// Calls that TikTok never answers.
    std::vector<std::future<harness::answer>> hanging_reads(const std::string& user, int count) {
        w.tiktok().add_fault(
            {{"match", {{"path", "/v2/user/info/"}}}, {"times", -1}, {"do", {{"hang", true}}}});
        std::vector<std::future<harness::answer>> all;
        for (int i = 0; i < count; ++i)
            all.push_back(std::async(std::launch::async, [client = w.api(), target = path_of(user, "/info")] {
                return client.get(target);
            }));
        return all;
    }

    static constexpr const char* quiet_key = "quiet-0123456789abcdefghijklmnopqrstuvwxyz";
};

TEST_F(SharedBounds, L09AuditIAnnouncedFilesThatTrickleTakeNoRoomFromAnother) {
    (void)w.gateway();
    sockets greedy;
    for (int i = 0; i < 3; ++i)
        greedy.push_back(announce("/v1/files", 3'570'000'000, mp4(20'000)));
    EXPECT_TRUE(metrics_have("tiktok_gateway_requests_in_flight 3\n"));
    EXPECT_EQ(quiet_stages(mp4(5'000'000)).status, 200);
    EXPECT_EQ(quiet_stages(mp4(5'000'000)).status, 200);
}

TEST_F(SharedBounds, L09AuditIAnnouncedFilesTakeNoRoomFromASoleCallerItself) {
    callers(false);
    (void)w.gateway();
    sockets greedy;
    for (int i = 0; i < 3; ++i)
        greedy.push_back(announce("/v1/files", 3'570'000'000, mp4(20'000)));
    EXPECT_TRUE(metrics_have("tiktok_gateway_requests_in_flight 3\n"));
    EXPECT_FALSE(stage(mp4(5'000'000)).empty());
}

TEST_F(SharedBounds, L09AuditIStagedFilesLeaveRoomForThoseOfAnother) {
    w.options.settings += "files: {quota_bytes: 8192000}\n";
    int staged = 0;
    harness::answer last;
    for (; staged < 20; ++staged) {
        last = w.api().call("POST", "/v1/files", {{"Content-Type", "video/mp4"}}, mp4(1'000'000));
        if (last.status != 200) break;
    }
    EXPECT_EQ(staged, 4) << "half of the whole";
    EXPECT_EQ(last.code(), "overloaded") << last.raw;
    EXPECT_FALSE(last.header("retry-after").empty());
    EXPECT_EQ(quiet_stages(mp4(1'000'000)).status, 200);
    EXPECT_EQ(quiet_stages(mp4(1'000'000)).status, 200);
    EXPECT_EQ(quiet_stages(mp4(1'000'000)).code(), "overloaded") << "a quarter, while half is not free";
}

TEST_F(SharedBounds, AuditLFilesOfOneByteAreBoundedInNumber) {
    w.options.settings += "files: {count_max: 12}\n";
    int staged = 0;
    while (staged < 20
           && w.api().call("POST", "/v1/files", {{"Content-Type", "video/mp4"}}, "x").status == 200)
        ++staged;
    EXPECT_EQ(staged, 6);
    EXPECT_EQ(quiet_stages("x").status, 200);
}

TEST_F(SharedBounds, L09AuditIChunkHintsThatSendLittleTakeNoMemoryFromAnother) {
    const auto user = another_user();
    sockets greedy;
    for (int i = 0; i < 5; ++i)
        greedy.push_back(announce(path_of(user, "/videos?chunk_size_bytes=64000000&keep=false"), 256'000'000,
                                  mp4(64 * 1024)));
    EXPECT_TRUE(metrics_have("tiktok_gateway_uploads_in_flight 2\n")) << "its share: half of the memory";
    const auto got = quiet_uploads(user, mp4(12'000'000));
    EXPECT_EQ(got.status, 200) << got.raw;
}

TEST_F(SharedBounds, L09AuditIChunksThatReallyCameLeaveMemoryToAnother) {
    w.options.settings += "uploads: {memory_bytes: 40000000}\n";
    const auto user = another_user();
    const auto video = mp4(10'000'000);
    w.tiktok().add_fault(
        {{"match", {{"listener", "upload"}, {"method", "PUT"}}}, {"times", 2}, {"do", {{"hang", true}}}});
    std::vector<std::future<harness::answer>> greedy;
    for (int i = 0; i < 2; ++i)
        greedy.push_back(std::async(std::launch::async, [this, &user, &video] {
            return upload(user, video, "keep=false", {{"X-Request-Timeout", "20"}});
        }));
    EXPECT_TRUE(metrics_have("tiktok_gateway_uploads_in_flight 2\n"));
    EXPECT_EQ(upload(user, video, "keep=false").code(), "overloaded") << "half of the memory";
    const auto got = quiet_uploads(user, video, "?keep=false");
    EXPECT_EQ(got.status, 200) << got.raw;
    for (auto& one : greedy)
        one.wait(); // they end at their deadline, or a moment before it with a repeated chunk
}

TEST_F(SharedBounds, L09AuditIAFormThatWasReceivedWholeIsUploadedThoughOthersTookTheRest) {
    w.options.settings += "uploads: {memory_bytes: 40000000}\n";
    const auto user = another_user();
    w.tiktok().add_fault(
        {{"match", {{"listener", "upload"}, {"method", "PUT"}}}, {"times", 2}, {"do", {{"hang", true}}}});
    const harness::fields short_wait{{"X-Request-Timeout", "20"}, {"Content-Type", "video/mp4"}};
    auto other = std::async(std::launch::async, [this, &user, &short_wait] {
        return upload(user, mp4(9'000'000), "keep=false", short_wait);
    });
    EXPECT_TRUE(metrics_have("tiktok_gateway_uploads_in_flight 1\n"));
    const std::string form =
        "--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\""
        "\r\nContent-Type: video/mp4\r\n\r\n"
        + mp4(9'000'000) + "\r\n--b0--\r\n";
    harness::raw_socket client(w.gateway().port(), w.heard());
    client.send("POST " + path_of(user, "/videos") + " HTTP/1.1\r\nHost: localhost\r\nx-api-key: "
                + w.caller_key() + "\r\nContent-Type: multipart/form-data; boundary=b0\r\nContent-Length: "
                + std::to_string(form.size()) + "\r\n\r\n");
    client.send(std::string_view(form).substr(0, form.size() - 10)); // more than the system's buffers hold
    auto quiet_one = std::async(std::launch::async, [client = quiet(), &user, this, &short_wait]() mutable {
        return client.call("POST", path_of(user, "/videos?keep=false"), short_wait, mp4(10'000'000));
    });
    EXPECT_TRUE(metrics_have("tiktok_gateway_uploads_in_flight 2\n"));
    client.send(std::string_view(form).substr(form.size() - 10));
    EXPECT_THAT(client.receive_answer(), testing::HasSubstr("HTTP/1.1 200"));
    EXPECT_GT(other.get().status, 0); // hangs until its deadline, or is sent again after it
    EXPECT_GT(quiet_one.get().status, 0);
}

TEST_F(SharedBounds, L09AuditIASoleCallersTricklingUploadsGiveTheirMemoryBack) {
    callers(false);
    const auto user = another_user();
    sockets greedy;
    for (int i = 0; i < 4; ++i)
        greedy.push_back(announce(path_of(user, "/videos?chunk_size_bytes=64000000&keep=false"), 256'000'000,
                                  mp4(64 * 1024)));
    EXPECT_TRUE(metrics_have("tiktok_gateway_uploads_in_flight 4\n"));
    harness::answer got;
    const auto until = gateway::steady_now() + seconds{15}; // slow is who sent little for a second
    do {
        for (auto& one : greedy)
            one->send("x");
        got = upload(user, mp4(20'000'000), "chunk_size_bytes=20000000");
    } while (got.code() == "overloaded" && gateway::steady_now() < until);
    EXPECT_EQ(got.status, 200) << got.raw;
}

TEST_F(SharedBounds, L09AuditIATricklingUploadThatHoldsMuchLosesItsPlaceToAnother) {
    w.options.settings += "uploads: {memory_bytes: 24000000}\n";
    const auto user = another_user();
    // All the memory, for a caller who held nothing before.
    const auto greedy =
        announce(path_of(user, "/videos?chunk_size_bytes=24000000&keep=false"), 48'000'000, mp4(23'900'000));
    EXPECT_TRUE(metrics_have("tiktok_gateway_uploads_in_flight 1\n"));
    harness::answer got;
    const auto until = gateway::steady_now() + seconds{40}; // it has to be slow for ten seconds
    do
        got = quiet_uploads(user, mp4(5'000'000), "?keep=false");
    while (got.code() == "overloaded" && gateway::steady_now() < until);
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_THAT(greedy->receive_answer(), testing::HasSubstr("came too slowly while others waited"));
}

TEST_F(SharedBounds, L09AuditIReadsThatHangAtTikTokLeaveConnectionsToAnother) {
    w.options.variables["TIKTOK_GATEWAY__WORKERS"] = "1";
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__CONNECTIONS_PER_HOST"] = "8";
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__WAITERS_PER_HOST"] = "16";
    const auto user = another_user();
    auto greedy = hanging_reads(user, 30);
    EXPECT_TRUE(metrics_have("tiktok_gateway_upstream_connections{state=\"waiting\"} 8\n"));
    EXPECT_TRUE(metrics_have("tiktok_gateway_upstream_connections{state=\"active\"} 4\n"));
    const auto began = gateway::steady_now();
    const auto got = quiet().get(path_of(user, "/videos"));
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_LT(gateway::steady_now() - began, seconds{5});
    int refused = 0, late = 0;
    for (auto& one : greedy)
        (one.get().code() == "overloaded" ? refused : late)++;
    EXPECT_GE(refused, 18) << "no place to wait at, or no connection in time";
    EXPECT_EQ(refused + late, 30);
}

/// Both ways in which TikTok is asked whose the tokens are: a read of the account, and a refresh.
TEST_F(SharedBounds, L09AuditIImportsThatHangAtTikTokLeaveConnectionsToAnother) {
    w.options.variables["TIKTOK_GATEWAY__WORKERS"] = "1";
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__CONNECTIONS_PER_HOST"] = "8";
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__WAITERS_PER_HOST"] = "16";
    const auto user = another_user();
    for (const char* path : {"/v2/user/info/", "/v2/oauth/token/"})
        w.tiktok().add_fault({{"match", {{"path", path}}}, {"times", -1}, {"do", {{"hang", true}}}});
    for (const int expires_in : {7'200, 0}) {
        std::vector<std::future<harness::answer>> greedy;
        for (int i = 0; i < 30; ++i) {
            auto tokens = w.tiktok().make_tokens({{"account", "alice"}});
            tokens["expires_in"] = expires_in;
            const auto target = "/v1/users/import-" + std::to_string(i) + "/tokens";
            greedy.push_back(std::async(std::launch::async, [client = w.api(), target, tokens] {
                return client.put(target, tokens, {{"X-Request-Timeout", "6"}});
            }));
        }
        EXPECT_TRUE(metrics_have("tiktok_gateway_upstream_connections{state=\"waiting\"} 8\n"));
        EXPECT_TRUE(metrics_have("tiktok_gateway_upstream_connections{state=\"active\"} 4\n"));
        const auto got = quiet().get(path_of(user, "/videos"));
        EXPECT_EQ(got.status, 200) << got.raw;
        for (auto& one : greedy)
            EXPECT_NE(one.get().status, 200);
    }
}

TEST_F(SharedBounds, L09AuditICallsInFlightLeavePlacesToAnother) {
    w.options.variables["TIKTOK_GATEWAY__WORKERS"] = "1";
    w.options.variables["TIKTOK_GATEWAY__LISTEN__CONNECTIONS_MAX"] = "16";
    const auto user = another_user();
    sockets greedy;
    for (int i = 0; i < 12; ++i)
        greedy.push_back(announce("/v1/files", 1'000'000, "x"));
    std::size_t refused = 0;
    for (const auto& one : greedy)
        if (one->receive(milliseconds{500}).find("Too many calls with this key") != std::string::npos)
            ++refused;
    EXPECT_EQ(refused, 4U) << "half of 16 are taken";
    EXPECT_EQ(quiet().get(path_of(user, "/info")).status, 200);
}

} // namespace
