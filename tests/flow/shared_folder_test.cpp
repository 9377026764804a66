// Replicas that share the folder of staged files: one starts while another writes (docs/promises.md K10).
#include "flow/action_test.hpp"
#include "harness/postgresql_server.hpp"
#include "harness/raw_socket.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <thread>

namespace {

using testing::HasSubstr;

class SharedFolder : public action_test {
protected:
    SharedFolder() {
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("gateway");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "gateway";
        w.plant(harness::postgresql_server::password);
    }
    /// Begins to stage a file at the first replica, and has sent half of it.
    std::unique_ptr<harness::raw_socket> half_a_file() {
        auto client = std::make_unique<harness::raw_socket>(w.gateway().port(), w.heard());
        client->send("POST /v1/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + w.caller_key()
                     + "\r\nContent-Type: video/mp4\r\nContent-Length: " + std::to_string(2 * half.size())
                     + "\r\n\r\n" + half);
        const auto until = gateway::steady_now() + gateway::seconds{20};
        while (parts() == 0 && gateway::steady_now() < until)
            std::this_thread::yield();
        EXPECT_EQ(parts(), 1U);
        return client;
    }
    std::size_t parts() const {
        std::size_t count = 0;
        std::error_code none;
        for (const auto& one : std::filesystem::directory_iterator(w.folder().path() / "files", none))
            if (one.path().extension() == ".part") ++count;
        return count;
    }
    const std::string half = mp4(400'000);
    harness::postgresql_server server;
};

TEST_F(SharedFolder, K10DeathEAReplicaThatStartsLeavesAloneWhatAnotherIsWriting) {
    const auto client = half_a_file();
    auto& second = w.another_gateway();
    EXPECT_EQ(parts(), 1U);
    client->send(half);
    const auto answer = client->receive_answer();
    EXPECT_THAT(answer, HasSubstr("HTTP/1.1 200"));
    const std::string before = R"("file_id":")";
    const auto at = answer.find(before) + before.size();
    const auto file = answer.substr(at, answer.find('"', at) - at);
    const auto seen = w.api_of(second).get("/v1/files/" + file);
    EXPECT_EQ(seen.status, 200) << seen.raw;
    w.connect("u");
    const boost::json::object input{
        {"file_to_upload", {{"name", "a.mp4"}, {"mimetype", "video/mp4"}, {"file_id", file}}}};
    const auto posted = w.api_of(second).post(path_of("u", "/videos"), input);
    EXPECT_EQ(posted.status, 200) << posted.raw;
}

TEST_F(SharedFolder, K10DeathEWhatAKilledReplicaWasWritingIsClearedByTheNextStart) {
    auto& second = w.another_gateway();
    const auto client = half_a_file();
    ASSERT_EQ(w.stop_gateway(SIGKILL), 128 + SIGKILL);
    EXPECT_EQ(parts(), 1U);
    static_cast<void>(w.gateway());
    EXPECT_EQ(parts(), 0U);
    EXPECT_EQ(w.api_of(second).get("/v1/users").status, 200);
}

} // namespace
