// The same for calls of browsers and of TikTok, for forms and batches, over TLS, and with PostgreSQL.
#include "base/digest.hpp"
#include "fault/failing_memory.hpp"
#include "harness/postgresql_server.hpp"
#include "unit/runtime/certificates.hpp"

#include <csignal>
#include <fstream>
#include <map>
#include <stdexcept>

namespace fault {
namespace {

TEST_F(FailingMemory, P07AuditMALoginsCallbackConnectsOrCanBeBegunAgain) {
    const auto user = another_user();
    std::map<int, std::string> callbacks;
    const auto callback_of = [&](const std::string& name) {
        const auto begun = w.api().post(path_of(name, "/connect"), boost::json::object{});
        const auto url = begun.text_at("data.authorize_url");
        const auto page = w.browser().get(url.substr(url.find("/v2/auth/authorize/")) + "&simulate=allow");
        const auto to = page.header("location");
        return to.substr(to.find("/oauth/callback?"));
    };
    const auto name_of = [](int n) { return "login-" + std::to_string(n); };
    harness::answer landed;
    const auto land = [&](int n) { landed = w.stranger().get(callbacks[n]); };
    const auto then = [&](int n) {
        if (landed.status == 200) expect_service(name_of(n));
        const auto again = w.stranger().get(callbacks[n]);
        EXPECT_TRUE(again.status == 200 || again.status == 400) << again.raw;
        const auto state = w.api().get("/v1/users/" + name_of(n)).text_at("data.state");
        if (state == "connected")
            expect_service(name_of(n));
        else
            EXPECT_NE(landed.status, 200) << state;
        EXPECT_EQ(w.stranger().get(callback_of(name_of(n))).status, 200) << "a new login is not held up";
        expect_service(name_of(n));
        expect_service(user);
        w.api().del("/v1/users/" + name_of(n)); // an account has few users
    };
    fail_each_allocation_of(land, then, 5'000, [&](int n) { callbacks[n] = callback_of(name_of(n)); });
}

TEST_F(FailingMemory, P07AuditMAWebhookThatTikTokSendsAgainIsHeeded) {
    const auto user = another_user({{"account", "bob"}});
    std::string secret;
    std::ifstream(w.folder().path() / "client.secret") >> secret;
    std::string body, signature;
    const auto connect = [&](int) {
        w.connect("leaving", {{"account", "alice"}});
        const auto shown = w.api().get("/v1/users/leaving");
        const auto at_s = gateway::unix_ms(gateway::wall_now()) / 1000 + 1;
        body = R"({"client_key":"flow-client-key","event":"authorization.removed","create_time":)"
               + std::to_string(at_s) + R"(,"user_openid":")" + shown.text_at("data.open_id")
               + R"(","content":"{\"reason\":1}"})";
        const auto signed_at = std::to_string(at_s - 1);
        signature =
            "t=" + signed_at + ",s=" + gateway::to_hex(gateway::hmac_sha256(secret, signed_at + "." + body));
    };
    const auto tell = [&] {
        return w.stranger().call("POST", "/webhooks/tiktok",
                                 {{"Content-Type", "application/json"}, {"TikTok-Signature", signature}},
                                 body);
    };
    const auto then = [&](int) {
        const auto got = settled(tell);
        EXPECT_EQ(got.status, 200) << got.raw;
        EXPECT_EQ(w.api().get("/v1/users/leaving").text_at("data.state"), "revoked");
        expect_service(user);
    };
    fail_each_allocation_of([&](int) { (void)tell(); }, then, 5'000, connect);
}

TEST_F(FailingMemory, P07AuditMAFormWithAKeyIsDoneOnceAndItsKeyAnswers) {
    const auto user = another_user();
    const std::string form =
        "--b0\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n{\"publish\":true}\r\n"
        "--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"; "
        "filename=\"a.mp4\"\r\nContent-Type: video/mp4\r\n\r\n"
        + mp4(50'000) + "\r\n--b0--\r\n";
    const auto send = [&](int n) {
        return upload(user, form, {},
                      {{"Content-Type", "multipart/form-data; boundary=b0"},
                       {"Idempotency-Key", "form-" + std::to_string(n)}});
    };
    fail_each_allocation_of_write(send, 1);
}

TEST_F(FailingMemory, P07AuditMABatchWithAKeyIsDoneOnceAndItsKeyAnswers) {
    const auto user = another_user();
    boost::json::array files;
    for (const std::size_t size : {5'000U, 6'000U})
        files.push_back(boost::json::object{{"file_id", stage(mp4(size))}});
    const auto send = [&](int n) {
        return w.api().post(path_of(user, "/videos/batch"), {{"files_to_upload", files}, {"max_workers", 2}},
                            {{"Idempotency-Key", "batch-" + std::to_string(n)}});
    };
    fail_each_allocation_of_write(send, 2);
    EXPECT_TRUE(send(0).at("successful").as_bool());
}

class FailingMemoryOverTls : public FailingMemory {
protected:
    FailingMemoryOverTls() {
        std::signal(SIGPIPE, SIG_IGN);
        const auto issued = authority_.issue("localhost");
        w.options.settings +=
            "listen: {tls: {certificate_file: " + w.folder().write("server.pem", issued.certificate_pem)
            + ", private_key_file: " + w.folder().write("server.key", issued.key_pem) + "}}\n";
        trusted_ = w.folder().write("authority.pem", authority_.pem());
    }

    gateway::testing::certificate_authority authority_;
};

TEST_F(FailingMemoryOverTls, P07AuditMAHandshakeAndItsCall) {
    (void)w.gateway();
    const auto call = [&](int) {
        try {
            patient_for(seconds{20}).get("/v1/users");
        } catch (const std::runtime_error&) { // its handshake may fail
        }
    };
    fail_each_allocation_of(call, [&](int) {
        const auto got = patient_for(seconds{20}).get("/v1/users");
        EXPECT_EQ(got.status, 200) << got.raw;
    });
}

class FailingMemoryOnPostgresql : public FailingMemory {
protected:
    FailingMemoryOnPostgresql() {
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server_.url("memory");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "memory";
    }

    harness::postgresql_server server_;
};

TEST_F(FailingMemoryOnPostgresql, P07AuditMAReadOfTheStore) {
    const auto user = another_user();
    const auto call = [&](int) { patient_for(seconds{20}).get("/v1/users"); };
    fail_each_allocation_of(call, [&](int) {
        const auto got = settled([&] { return w.api().get("/v1/users/" + user); });
        EXPECT_EQ(got.status, 200) << got.raw;
    });
    expect_service(user);
}

TEST_F(FailingMemoryOnPostgresql, P07AuditMAnImportLosesNoToken) {
    const auto user = another_user();
    harness::answer imported;
    const auto import = [&](int) {
        const auto tokens = w.tiktok().make_tokens({{"account", "alice"}});
        imported = patient_for(seconds{20}).put("/v1/users/imported/tokens", tokens);
    };
    fail_each_allocation_of(import, [&](int) {
        if (imported.status == 200) expect_service("imported");
        expect_service(user);
    });
}

TEST_F(FailingMemoryOnPostgresql, P07AuditMAPhotoPostWithAKeyIsMadeOnce) {
    const auto user = another_user();
    fail_each_allocation_of_write([&](int n) { return send_photo(user, n); }, 1);
}

} // namespace
} // namespace fault
