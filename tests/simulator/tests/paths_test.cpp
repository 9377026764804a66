// Paths at the two hosts: the API is strict, the authorize page is not.
#include "login.hpp"

namespace gateway::simulator::testing {

namespace {

struct endpoint {
    const char* method;
    const char* path;
};

constexpr endpoint api[] = {
    {"POST", "/v2/oauth/token/"},
    {"POST", "/v2/oauth/revoke/"},
    {"GET", "/v2/user/info/"},
    {"POST", "/v2/video/list/"},
    {"POST", "/v2/video/query/"},
    {"POST", "/v2/post/publish/creator_info/query/"},
    {"POST", "/v2/post/publish/video/init/"},
    {"POST", "/v2/post/publish/inbox/video/init/"},
    {"POST", "/v2/post/publish/content/init/"},
    {"POST", "/v2/post/publish/status/fetch/"},
    {"POST", "/v2/post/publish/cancel/"},
};

class Paths : public OAuth {
protected:
    void expect_unsupported(const std::string& method, const std::string& path) {
        const answer out = send(method, path + "?fields=open_id", {}, "");
        EXPECT_EQ(out.status, 404) << method << path;
        EXPECT_EQ(out.body, "Unsupported path(Janus)") << method << path;
        EXPECT_TRUE(out.content_type.starts_with("text/plain")) << method << path;
    }
};

} // namespace

TEST_F(Paths, FaultTTheApiHostIsStrictAboutTheLastSlash) {
    for (const endpoint& one : api) {
        const std::string path = one.path;
        EXPECT_NE(send(one.method, path, {}, "").status, 404) << path;
        expect_unsupported(one.method, path.substr(0, path.size() - 1));
        expect_unsupported(one.method, path + "/");
        expect_unsupported(one.method, "/" + path);
        expect_unsupported(one.method, path + "x");
    }
    expect_unsupported("GET", "/");
    expect_unsupported("GET", "");
}

TEST_F(Paths, FaultTTheApiHostIsStrictAboutTheMethod) {
    for (const endpoint& one : api) {
        for (const char* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
            if (std::string_view(method) != one.method) expect_unsupported(method, one.path);
        }
    }
}

TEST_F(Paths, FaultTTheAuthorizePageTakesItsPathWithAndWithoutTheLastSlash) {
    const std::string with_slash = authorize_query("");
    std::string without = with_slash;
    without.erase(without.find("/?"), 1);
    ASSERT_NE(without, with_slash);
    EXPECT_EQ(send("GET", without, {}, "").status, 200);
    EXPECT_EQ(send("GET", without, {}, "").body, send("GET", with_slash, {}, "").body);
    const answer allowed = send("GET", without + "&simulate=allow", {}, "");
    EXPECT_EQ(allowed.status, 302);
    EXPECT_EQ(token(exchange_body(field_or_empty(location(allowed), "code"))).status, 200);
    // A fault's page has the requested path, too.
    const answer refused = send("GET", "/v2/auth/authorize?client_key=nobody", {}, "");
    EXPECT_TRUE(address_of(refused).starts_with("/v2/auth/authorize?client_key=nobody&error="))
        << address_of(refused);
}

} // namespace gateway::simulator::testing
