// TikTok's webhooks over HTTP: every signed event is answered with 200, and one without effect is logged
// once.
#include "base/digest.hpp"
#include "flow/action_test.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

class Webhooks : public action_test {
protected:
    std::int64_t now_s() const { return gateway::unix_ms(gateway::wall_now()) / 1000; }
    /// TikTok's signature.
    std::string signature_of(const std::string& body, std::int64_t at_s, const char* between = ",") const {
        std::string secret;
        std::ifstream(w.folder().path() / "client.secret") >> secret;
        const auto mac = gateway::hmac_sha256(secret, std::to_string(at_s) + "." + body);
        return "t=" + std::to_string(at_s) + between + "s=" + gateway::to_hex(mac);
    }
    harness::answer tell(const std::string& body, const std::string& signature) {
        return w.stranger().call("POST", "/webhooks/tiktok",
                                 {{"Content-Type", "application/json"}, {"TikTok-Signature", signature}},
                                 body);
    }
    harness::answer tell(const std::string& body) { return tell(body, signature_of(body, now_s())); }
    /// The number of log lines of this route that say why an event had no effect.
    std::size_t notes() {
        std::size_t count = 0;
        std::istringstream lines(w.everything_said());
        for (std::string line; std::getline(lines, line);)
            if (line.find(R"("action":"GATEWAY_WEBHOOK")") != std::string::npos
                && line.find(R"("note":"TikTok's event )") != std::string::npos)
                ++count;
        return count;
    }
    std::string event(const std::string& name, const std::string& content) {
        return R"({"client_key":"flow-client-key","event":")" + name + R"(","create_time":)"
               + std::to_string(now_s() + 1) + R"(,"user_openid":")" + account_ + "\""
               + (content.empty() ? "" : R"(,"content":)" + content) + "}";
    }
    std::string account_;
};

TEST_F(Webhooks, FaultWWhateverIsSignedAndHasNoEffectIsAnswered200AndLoggedOnce) {
    const auto user = another_user();
    account_ = w.api().get("/v1/users/" + user).text_at("data.open_id");
    const auto id = upload(user, mp4(5'000)).text_at("data.publish_id");
    settled_post(id, "SEND_TO_USER_INBOX");
    std::vector<std::string> bodies{"", "{", "[]", "plain text", "{}", R"({"event":7})"};
    for (const char* name : {"something.new", "video.publish.completed", "tiktok.ping",
                             "authorization.removed", "post.publish.complete", "post.publish.failed",
                             "post.publish.inbox_delivered", "post.publish.publicly_available"}) {
        for (const std::string& content :
             {std::string(R"("plain text")"), R"({"publish_id":")" + id + R"("})", std::string(R"("")"),
              std::string("null"), std::string("[1]"), std::string()})
            bodies.push_back(event(name, content));
    }
    for (const auto& body : bodies) {
        const auto got = tell(body);
        EXPECT_EQ(got.status, 200) << body << got.raw;
    }
    EXPECT_EQ(w.api().get("/v1/users/" + user).text_at("data.state"), "connected");
    EXPECT_EQ(w.api().get(path_of(user, "/posts")).text_at("data.posts.0.state"), "processing");
    const auto end = gateway::steady_now() + gateway::seconds{20};
    while (notes() < bodies.size() && gateway::steady_now() < end) {
    }
    EXPECT_EQ(notes(), bodies.size());
}

TEST_F(Webhooks, FaultWThePortalsTestEventIsTaken) {
    const std::string ping = R"({"client_key":"flow-client-key","event":"tiktok.ping","create_time":)"
                             + std::to_string(gateway::unix_ms(gateway::wall_now()))
                             + R"(,"user_openid":"","content":"{\"reason\":\"testing Webhook\"}"})";
    another_user();
    EXPECT_EQ(tell(ping, signature_of(ping, now_s(), ", ")).status, 200) << "a blank after the comma";
    EXPECT_EQ(tell(ping, signature_of(ping, 1'633'174'587)).status, 200)
        << "it can be signed with an old time";
    EXPECT_EQ(tell(ping, signature_of(ping + " ", now_s())).status, 401);
    EXPECT_EQ(tell(ping, "").status, 401);
    const std::string other = R"({"client_key":"flow-client-key","event":"something.new"})";
    EXPECT_EQ(tell(other, signature_of(other, 1'633'174'587)).status, 401) << "nothing else with an old time";
}

TEST_F(Webhooks, FaultWBothSpellingsStillCount) {
    for (const char* name : {"post.publish.publicly_available", "post.publish.publicaly_available"}) {
        const auto user = another_user();
        account_ = w.api().get("/v1/users/" + user).text_at("data.open_id");
        const auto id = upload(user, mp4(5'000)).text_at("data.publish_id");
        const std::string content = R"("{\"publish_id\":\")" + id + R"(\",\"post_id\":\"760\"}")";
        EXPECT_EQ(tell(event(name, content)).status, 200);
        EXPECT_EQ(w.api().get(path_of(user, "/posts")).text_at("data.posts.0.state"), "published") << name;
    }
}

} // namespace
