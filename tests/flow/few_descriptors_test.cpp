// A process with a low limit of descriptors: callers' connections are bounded by the descriptors that store,
// TikTok, files and the admin port leave, the log says so, and no client hangs.
#include "harness/raw_socket.hpp"
#include "harness/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace {

using gateway::milliseconds;
using gateway::seconds;
using testing::HasSubstr;
using sockets = std::vector<std::unique_ptr<harness::raw_socket>>;

/// A script that runs the gateway with a limit of open files.
std::string limited_to(int descriptors, const harness::temp_folder& folder) {
    const auto file = folder.write("limited-gateway", "#!/bin/sh\nulimit -n " + std::to_string(descriptors)
                                                          + "\nexec " GATEWAY_PROGRAM " \"$@\"\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return file;
}

constexpr int limit_at_start = 256;

class FewDescriptors : public testing::Test {
protected:
    harness::temp_folder programs;
    harness::world w{limited_to(limit_at_start, programs), SIMULATOR_PROGRAM};

    void TearDown() override {
        if (HasFailure()) std::fputs(w.everything_said().c_str(), stderr);
    }
    std::string request() const {
        return "GET /v1/users HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + w.caller_key()
               + "\r\n\r\n";
    }
    std::string an_upload() const {
        return "POST /v1/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + w.caller_key()
               + "\r\nContent-Type: video/mp4\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    }
    sockets clients(int count, const std::string& bytes) {
        sockets all;
        for (int i = 0; i < count; ++i) {
            all.push_back(std::make_unique<harness::raw_socket>(w.gateway().port(), w.heard()));
            if (!bytes.empty()) all.back()->send(bytes);
        }
        return all;
    }
    void expect_probes_pass() {
        for (const char* probe : {"/healthz", "/readyz"}) {
            auto client = w.admin();
            client.wait_at_most(seconds{5});
            EXPECT_EQ(client.get(probe).status, 200) << probe;
        }
    }
    void expect_to_be_well() {
        auto client = w.api();
        client.wait_at_most(seconds{10});
        EXPECT_EQ(client.get("/v1/users").status, 200);              // the store
        EXPECT_EQ(client.get("/v1/users/user-77/info").status, 200); // TikTok
        expect_probes_pass();
    }
    std::size_t lines_with(const std::string& text) {
        std::istringstream lines(w.everything_said());
        std::size_t count = 0;
        for (std::string line; std::getline(lines, line);)
            if (line.find(text) != std::string::npos) ++count;
        return count;
    }
    void let_it_open(rlim_t descriptors) {
        const rlimit limit{descriptors, limit_at_start};
        ASSERT_EQ(prlimit(w.gateway().process().pid(), RLIMIT_NOFILE, &limit, nullptr), 0);
    }
    /// The number that the next descriptor gets. Higher ones may be open, too, for example inherited ones.
    rlim_t next_descriptor() {
        const std::string all = "/proc/" + std::to_string(w.gateway().process().pid()) + "/fd/";
        rlim_t next = 0;
        while (std::filesystem::is_symlink(all + std::to_string(next)))
            ++next;
        return next;
    }
};

TEST_F(FewDescriptors, FaultAATheStartTellsThatThereIsRoomForFewer) {
    w.connect("user-77");
    EXPECT_TRUE(w.gateway().process().says("\"event\":\"connections_max_lowered\""));
    EXPECT_EQ(lines_with("connections_max_lowered"), 1U);
    expect_to_be_well();
}

TEST_F(FewDescriptors, FaultAAMoreClientsThanDescriptorsDoNotKeepANewOneOrAProbeWaiting) {
    w.connect("user-77");
    for (const auto& bytes : {std::string(), std::string("GET /v1/us"), request()}) {
        const auto held = clients(400, bytes);
        if (bytes == request()) // they are idle, and earlier ones were evicted
            for (const auto& one : held)
                one->receive_answer(seconds{10});
        expect_to_be_well();
    }
    EXPECT_EQ(lines_with("out_of_descriptors"), 0U) << "the bound is below the limit";
}

TEST_F(FewDescriptors, FaultAAWhereAllAreBusyTheRestHears503AndTheWorkIsDone) {
    w.connect("user-77");
    const auto uploads = clients(300, an_upload());
    // Some clients are refused without waiting for their request; they lose the answer if their request
    // arrives later.
    std::size_t taken = 0, refused = 0, cut_off = 0;
    for (const auto& one : uploads) {
        const auto heard = one->receive(seconds{10});
        if (heard.starts_with("HTTP/1.1 100")) {
            one->send("abcd");
            EXPECT_EQ(harness::parse_answer(one->receive_answer()).status, 200);
            ++taken;
        } else if (heard.empty()) {
            ++cut_off;
        } else {
            EXPECT_THAT(heard, testing::StartsWith("HTTP/1.1 503"));
            ++refused;
        }
    }
    EXPECT_GT(taken, 30U);
    EXPECT_GT(refused, 10 * cut_off);
    expect_to_be_well();
    EXPECT_EQ(lines_with("out_of_descriptors"), 0U);
}

// A descriptor that is released for a client may be used by something else first, so an answer is not
// guaranteed here; the reserve of the tests above prevents this state.
TEST_F(FewDescriptors, FaultAAWithoutAnyDescriptorLeftThatIsToldAndAllHealsWhenThereAreSome) {
    w.connect("user-77");
    expect_to_be_well();
    let_it_open(next_descriptor() + 3); // as if all others were in use
    const auto uploads = clients(80, an_upload());
    EXPECT_TRUE(w.gateway().process().says("\"event\":\"out_of_descriptors\""));
    let_it_open(limit_at_start);
    for (const auto& one : uploads) {
        one->send("abcd"); // the accepted ones end
        one->receive(milliseconds{100});
    }
    expect_to_be_well();
    EXPECT_EQ(lines_with("out_of_descriptors"), 1U) << "told once, however often it was met";
}

TEST_F(FewDescriptors, FaultAACheckConfigSaysTheSame) {
    const auto file =
        programs.write("gateway.yaml", "tiktok: {client_key: a, client_secret: b}\nvault: {keys_file: "
                                           + harness::keys_file_in(programs) + "}\n");
    harness::child_process check({limited_to(limit_at_start, programs), "--config", file, "--check-config"},
                                 programs.path().string());
    EXPECT_EQ(check.wait(seconds{20}), 0);
    EXPECT_THAT(check.output_at_end(), HasSubstr("listen.connections_max: there is room for "));
    EXPECT_THAT(check.output_at_end(), HasSubstr("the settings are good"));
}

} // namespace
