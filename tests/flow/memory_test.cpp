// What of the secrets is left in the memory of the running gateway once each kind of call has ended: no more
// than docs/secrets-in-memory.md lists (G04). The image is taken from inside (preload/memory_image.cpp), in
// every environment alike, since the gateway lets nobody read its memory from outside.
#include "base/digest.hpp"
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

using boost::json::object;

class MemoryImage : public action_test {
protected:
    MemoryImage() {
        w.options.variables["LD_PRELOAD"] = MEMORY_IMAGE_LIBRARY;
        w.options.variables["MEMORY_IMAGE"] = socket_.string();
    }

    std::string image() const {
        const int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        socket_.string().copy(at.sun_path, sizeof at.sun_path - 1);
        if (connect(handle, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
            throw std::runtime_error("the gateway gives no image of its memory");
        std::string all;
        std::string piece(1 << 20, '\0');
        for (ssize_t got = 1; got > 0;) {
            got = read(handle, piece.data(), piece.size());
            if (got > 0) all.append(piece, 0, static_cast<std::size_t>(got));
        }
        close(handle);
        return all;
    }

    /// Copies of the secret: of its whole, or of its second half, whatever is more often there.
    static std::size_t copies(const std::string& in, const std::string& secret) {
        const auto count = [&in](std::string_view text) {
            std::size_t found = 0;
            for (auto at = in.find(text); at != std::string::npos; at = in.find(text, at + 1))
                ++found;
            return found;
        };
        const std::string_view whole = secret;
        return std::max(count(whole), count(whole.substr(whole.size() / 2)));
    }

    /// What lies around the first copy, for whoever has to find out what it is.
    static std::string around(const std::string& in, const std::string& secret) {
        const auto at = in.find(secret.substr(secret.size() / 2));
        if (at == std::string::npos) return {};
        std::string shown = in.substr(at < 200 ? 0 : at - 200, 500);
        std::replace_if(
            shown.begin(), shown.end(), [](unsigned char c) { return std::isprint(c) == 0; }, '.');
        return shown;
    }

    /// Waits for the end of what still runs behind the answers. Each image is a round trip of some megabytes.
    void expect_at_most(std::size_t allowed, const std::set<std::string>& secrets, const char* what) {
        std::string last = image();
        const auto is_too_often = [&](const std::string& one) { return copies(last, one) > allowed; };
        const auto until = gateway::steady_now() + gateway::seconds{15};
        while (std::any_of(secrets.begin(), secrets.end(), is_too_often) && gateway::steady_now() < until)
            last = image();
        for (const auto& one : secrets)
            EXPECT_LE(copies(last, one), allowed) << what << "\n" << around(last, one);
    }

    std::string land(const std::string& user) {
        const auto begun = w.api().post(path_of(user, "/connect"), object{});
        EXPECT_EQ(begun.status, 200) << begun.raw;
        const auto url = begun.text_at("data.authorize_url");
        const auto page = w.browser().get(url.substr(url.find("/v2/auth/authorize/")) + "&simulate=allow");
        const auto to = page.header("location");
        const auto callback = to.substr(to.find("/oauth/callback?"));
        EXPECT_EQ(w.stranger().get(callback).status, 200);
        return callback;
    }
    static std::string value_in(const std::string& query, const std::string& name) {
        const auto begin = query.find(name + "=") + name.size() + 1;
        return query.substr(begin, query.find('&', begin) - begin);
    }

    /// Every kind of call that carries a secret, for a user who is connected.
    void call_everything(const std::string& user) {
        EXPECT_EQ(w.api().get(path_of(user, "/info")).status, 200);
        EXPECT_EQ(w.stranger().get(path_of(user, "/info"), {{"x-api-key", w.caller_key()}}).status, 200);
        EXPECT_EQ(w.api().get("/v1/users").status, 200);
        EXPECT_EQ(upload(user, mp4(300'000)).status, 200);
        const auto posted =
            w.api().post(path_of(user, "/videos"),
                         {{"file_to_upload", {{"file_id", stage(mp4(5'000))}}}, {"publish", true}});
        EXPECT_EQ(posted.status, 200) << posted.raw;
        w.api().get(path_of(user, "/posts/" + posted.text_at("data.publish_id")));
        const std::string form =
            "--b\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n{}\r\n"
            "--b\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\"\r\n"
            "Content-Type: video/mp4\r\n\r\n"
            + mp4(6'000) + "\r\n--b--\r\n";
        const auto sent = w.api().call("POST", path_of(user, "/videos"),
                                       {{"Content-Type", "multipart/form-data; boundary=b"}}, form);
        EXPECT_EQ(sent.status, 200) << sent.raw;
        EXPECT_EQ(w.stranger().get(path_of(user, "/info"), {{"x-api-key", wrong_key}}).status, 401);
        EXPECT_EQ(
            w.stranger()
                .call("POST", path_of(user, "/photos"), {{"Authorization", "Bearer " + wrong_key}}, "{}")
                .status,
            401);
        EXPECT_EQ(w.stranger().put(path_of(user, "/tokens"), object{{"access_token", wrong_token}}).status,
                  401);
        EXPECT_EQ(w.api().put(path_of(user, "/tokens"), object{{"access_token", wrong_token}}).status, 422);
        EXPECT_EQ(w.api()
                      .put(path_of(user, "/tokens"),
                           object{{"refresh_token", wrong_token}, {"x", object{{"y", wrong_token}}}})
                      .status,
                  422);
    }

    const std::filesystem::path socket_ = w.folder().path() / "image.sock";
    const std::string wrong_key = "tgk_" + gateway::to_hex(gateway::random_bytes(20));
    const std::string planted = gateway::to_hex(gateway::random_bytes(20));
    const std::string wrong_token = "act." + gateway::to_hex(gateway::random_bytes(20));
};

TEST_F(MemoryImage, G04AuditPOfUsersWhoAreGoneAndOfKeysThatWereShownNothingIsLeft) {
    const auto imported = another_user({{"expires_in", 2}});
    call_everything(imported);
    const auto callback = land("user-login");
    call_everything("user-login");
    w.tiktok().advance_clock(
        gateway::seconds{3'600 * 25}); // its access tokens have ended: they are refreshed
    EXPECT_EQ(w.api().get("/v1/users/user-login/info").status, 200);
    for (const auto& user : {imported, std::string("user-login")})
        EXPECT_EQ(w.api().del("/v1/users/" + user).status, 200);

    expect_at_most(0, {w.caller_key()}, "the key of a caller without an open connection");
    expect_at_most(0, {wrong_key}, "a key that was tried");
    expect_at_most(0, {wrong_token}, "a token that was refused");
    expect_at_most(0, {value_in(callback, "code"), value_in(callback, "state")}, "a login that has ended");
    auto secrets = w.tiktok().secrets();
    std::erase_if(secrets,
                  [this](const std::string& one) { return one.size() < 16 || one == w.client_secret(); });
    expect_at_most(0, secrets, "what TikTok gave for users who are gone");
}

TEST_F(MemoryImage, G04AuditPOfAConnectedUserEachTokenIsThereOnce) {
    const auto user = another_user();
    call_everything(user);
    std::set<std::string> tokens;
    const auto history = w.tiktok().history();
    for (const char* kind : {"access_tokens", "refresh_tokens"})
        for (const auto& token : history.at("accounts").at("alice").at(kind).as_array())
            tokens.insert(text_in(token.as_object(), "token"));
    ASSERT_EQ(tokens.size(), 2U);
    EXPECT_GE(copies(image(), *tokens.begin()), 1U) << "it is cached, and the search finds it";
    expect_at_most(1, tokens, "the pair of a connected user");
}

/// The settings, the login and refresh of each of the two workers, and the check of webhooks.
TEST_F(MemoryImage, G04AuditPTheAppsSecretAndTheVaultsKeysAreThereAsOftenAsThePageSays) {
    const auto user = another_user();
    call_everything(user);
    EXPECT_GE(copies(image(), w.client_secret()), 1U);
    expect_at_most(4, {w.client_secret()}, "the app's secret, from its file");
    std::string line;
    std::ifstream(w.folder().path() / "vault.keys") >> line;
    const auto base64 = line.substr(line.find(':') + 1);
    expect_at_most(1, {*gateway::from_base64(base64)}, "a key of the vault");
    expect_at_most(0, {base64}, "a line of the key ring");
    w.gateway().process().signal(SIGHUP);
    ASSERT_TRUE(w.gateway().process().says("settings_reloaded"));
    expect_at_most(4, {w.client_secret()}, "the app's secret after a reload");
    expect_at_most(1, {*gateway::from_base64(base64)}, "a key of the vault after a reload");
}

TEST_F(MemoryImage, G04AuditPASecretOfTheEnvironmentIsTakenOutOfIt) {
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET_FILE"] = "";
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET"] = planted;
    EXPECT_EQ(w.api().get("/v1/users").status, 200);
    EXPECT_GE(copies(image(), planted), 1U);
    expect_at_most(5, {planted}, "the app's secret, and the variable's value for a reload");
    w.gateway().process().signal(SIGHUP);
    ASSERT_TRUE(w.gateway().process().says("settings_reloaded"));
    expect_at_most(5, {planted}, "the same after a reload");
}

} // namespace
