// The requirements of the authorize page and the token call: tolerant by default, strict with switches.
#include "login.hpp"

#include "base/digest.hpp"

namespace gateway::simulator::testing {

namespace {

constexpr const char* base64url_challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An authorize request of which each part may be left out.
struct wish {
    std::string scope = "user.info.basic";
    std::string redirect = callback;
    std::string code_challenge = challenge;
    std::string state = "&state=s%201";
    std::string choice = "&simulate=allow";

    std::string target() const {
        return "/v2/auth/authorize/?client_key=demo-client-key&response_type=code&scope=" + scope
               + "&redirect_uri=" + form_encoded(redirect) + state
               + (code_challenge.empty()
                      ? ""
                      : "&code_challenge=" + code_challenge + "&code_challenge_method=S256")
               + choice;
    }
};

class Login : public OAuth {
protected:
    answer ask(const wish& what) { return page(what.target()); }
    std::string scopes_of(const wish& what) { return field_or_empty(location(ask(what)), "scopes"); }
    std::string code_of_login(const wish& what) { return field_or_empty(location(ask(what)), "code"); }
    answer exchange(const std::string& code, const std::string& verifier_sent,
                    const std::string& redirect = callback) {
        return token(exchange_body(code, verifier_sent, redirect));
    }
    /// Expects the parameter that TikTok's page names and the end of the page's address.
    void expect_named(const wish& what, const std::string& type, const std::string& address_end) {
        const answer moved = send("GET", what.target(), {}, "");
        EXPECT_EQ(moved.status, 302) << type;
        EXPECT_EQ(address_of(moved), what.target() + address_end);
        const answer shown = page(what.target());
        EXPECT_EQ(shown.status, 400) << type;
        EXPECT_TRUE(address_of(shown).empty()) << type;
        EXPECT_NE(shown.body.find("<b>" + type + "</b>"), std::string::npos) << shown.body;
    }
    void be_a_web_app() {
        w.config.apps.front().kind = "web";
        w.config.apps.front().redirect_uris = {"https://app.example/cb", "https://localhost/cb"};
    }
};

} // namespace

TEST_F(Login, FaultUTheStateIsGivenBackIfThereWasOne) {
    EXPECT_EQ(field_or_empty(location(ask({})), "state"), "s 1");
    for (const char* choice : {"&simulate=allow", "&simulate=refuse"}) {
        wish none;
        none.state = "";
        none.choice = choice;
        const answer out = ask(none);
        EXPECT_EQ(out.status, 302) << choice;
        EXPECT_EQ(find_field(location(out), "state"), nullptr) << choice;
    }
    wish empty;
    empty.state = "&state=";
    const auto fields = location(ask(empty));
    ASSERT_NE(find_field(fields, "state"), nullptr);
    EXPECT_EQ(*find_field(fields, "state"), "");
}

TEST_F(Login, FaultUTheStateIsAskedForByASwitch) {
    w.config.choice.state = "required";
    EXPECT_EQ(ask({}).status, 302);
    for (const char* state : {"", "&state="}) {
        wish none;
        none.state = state;
        expect_named(none, "state", "&error=invalid_request&error_type=state");
    }
}

TEST_F(Login, FaultUAVerifierMayBeOfAnyLengthAsLongAsItFits) {
    const std::string long_one(300, 'v'), with_blanks = "not of the usual letters at all, but it fits";
    for (const std::string& sent : {std::string("v"), std::string(42, 'v'), long_one, with_blanks}) {
        wish what;
        what.code_challenge = to_hex(sha256(sent));
        EXPECT_EQ(exchange(code_of_login(what), form_encoded(sent)).status, 200) << sent;
        w.config.choice.verifier_length = "enforced";
        const answer strict = exchange(code_of_login(what), form_encoded(sent));
        EXPECT_EQ(error_of(strict), "invalid_request") << sent;
        EXPECT_EQ(text_of_error(strict), "Code verifier or code challenge is invalid.") << sent;
        w.config.choice.verifier_length = "free";
    }
    w.config.choice.verifier_length = "enforced";
    EXPECT_EQ(exchange(code_of_login({}), verifier).status, 200);
}

TEST_F(Login, FaultUAVerifierThatDoesNotFitIsAnInvalidRequest) {
    for (const std::string& sent : {std::string("short"), std::string(43, 'a'), std::string()}) {
        const answer out = exchange(code_of_login({}), sent);
        EXPECT_EQ(out.status, 400) << sent;
        EXPECT_EQ(error_of(out), "invalid_request") << sent;
    }
}

TEST_F(Login, FaultUBasicInfoIsInEveryGrantAskedOrNot) {
    EXPECT_EQ(scopes_of({}), "user.info.basic");
    EXPECT_EQ(scopes_of({.scope = "video.list"}), "user.info.basic,video.list");
    EXPECT_EQ(scopes_of({.scope = "video.list,user.info.basic"}), "user.info.basic,video.list");
    EXPECT_EQ(scopes_of({.scope = "video.list,video.list"}), "user.info.basic,video.list");
    EXPECT_EQ(scopes_of({.scope = "video.list", .choice = "&simulate=allow&grant=nothing"}),
              "user.info.basic");
    const answer out = exchange(code_of_login({.scope = "video.list"}), verifier);
    EXPECT_EQ(json(out).at("scope").as_string(), "user.info.basic,video.list");
    const std::string access(json(out).at("access_token").as_string());
    EXPECT_EQ(get("/v2/user/info/?fields=open_id,display_name", access).status, 200);
    // Also for an app that is registered without it, because every app of the Login Kit has it.
    w.config.apps.front().scopes = {"video.upload"};
    EXPECT_EQ(scopes_of({.scope = "user.info.basic,video.upload"}), "user.info.basic,video.upload");
    EXPECT_NE(send("GET", wish{.choice = ""}.target(), {}, "").body.find("checked disabled> user.info.basic"),
              std::string::npos);
}

TEST_F(Login, FaultUBasicInfoIsAsStrictAsTheSwitchSays) {
    w.config.choice.basic_scope = "as_asked";
    EXPECT_EQ(scopes_of({.scope = "video.list"}), "video.list");
    const auto nothing =
        location(ask({.scope = "user.info.basic", .choice = "&simulate=allow&grant=video.list"}));
    EXPECT_EQ(field_or_empty(nothing, "error"), "access_denied");
    w.config.choice.basic_scope = "required";
    EXPECT_EQ(scopes_of({.scope = "user.info.basic,video.list"}), "user.info.basic,video.list");
    expect_named({.scope = "video.list"}, "scope", "&error=invalid_scope&error_type=scope");
}

TEST_F(Login, FaultUOneScopeTheAppDoesNotHoldRefusesThemAllOnThePageItself) {
    w.config.apps.front().scopes = {"user.info.basic", "video.upload", "video.publish"};
    EXPECT_EQ(ask({.scope = "user.info.basic,video.upload,video.publish"}).status, 302);
    for (const char* scope : {"user.info.basic,video.upload,video.publish,video.list", "user.info.stats",
                              "video.steal", "user.info.basic%20video.upload", ""}) {
        expect_named({.scope = scope}, "scope", "&error=invalid_scope&error_type=scope");
        EXPECT_EQ(w.past.requests().back().error_code, "scope");
    }
    EXPECT_TRUE(w.tokens.codes().size() == 1);
}

TEST_F(Login, FaultUThePageNamesTheParameterThatIsWrong) {
    expect_named({.redirect = "http://127.0.0.1:1/other"}, "redirect_uri",
                 "&error=invalid_request&error_type=redirect_uri");
    expect_named({.code_challenge = ""}, "code_challenge",
                 "&error=param_error&errCode=10007&error_type=code_challenge");
    w.config.apps.front().draft = true;
    expect_named({}, "client_key", "&error=unauthorized_client&error_type=client_key");
    const answer unknown = send("GET", "/v2/auth/authorize/?client_id=demo-client-key", {}, "");
    EXPECT_EQ(address_of(unknown),
              "/v2/auth/authorize/?client_id=demo-client-key"
              "&error=param_error&errCode=10003&error_type=client_key");
}

TEST_F(Login, FaultUADesktopChallengeInBase64urlFailsAtTheTokenCall) {
    wish what;
    what.code_challenge = base64url_challenge;
    const answer out = exchange(code_of_login(what), verifier);
    EXPECT_EQ(error_of(out), "invalid_request");
    EXPECT_EQ(text_of_error(out), "Code verifier or code challenge is invalid.");
    w.config.choice.desktop_pkce = "hex_on_page";
    expect_named(what, "code_challenge", "&error=param_error&errCode=10007&error_type=code_challenge");
    EXPECT_EQ(exchange(code_of_login({}), verifier).status, 200);
    w.config.choice.desktop_pkce = "any";
    EXPECT_EQ(exchange(code_of_login(what), verifier).status, 200);
    EXPECT_EQ(exchange(code_of_login({}), verifier).status, 200);
}

TEST_F(Login, FaultUAWebAppNeedsAChallengeOnlyOnTheUsersOwnMachine) {
    be_a_web_app();
    wish what;
    what.redirect = "https://app.example/cb";
    for (const char* sent : {challenge, base64url_challenge}) {
        what.code_challenge = sent;
        EXPECT_EQ(exchange(code_of_login(what), verifier, what.redirect).status, 200) << sent;
    }
    what.code_challenge = "";
    EXPECT_EQ(exchange(code_of_login(what), "", what.redirect).status, 200);
    w.config.choice.web_pkce = "required";
    EXPECT_EQ(ask(what).status, 400);
    w.config.choice.web_pkce = "optional";
    what.redirect = "https://localhost/cb";
    EXPECT_EQ(ask(what).status, 400);
    what.code_challenge = base64url_challenge;
    EXPECT_EQ(error_of(exchange(code_of_login(what), verifier, what.redirect)), "invalid_request");
    what.code_challenge = challenge;
    EXPECT_EQ(exchange(code_of_login(what), verifier, what.redirect).status, 200);
}

// The requests of login libraries from npm: no last slash, no state or no PKCE, other scopes.
TEST_F(Login, FaultUForeignLibrariesLogIn) {
    be_a_web_app();
    const std::string redirect = "https://app.example/cb";
    const std::string begin =
        "/v2/auth/authorize?client_key=demo-client-key&response_type=code&simulate=allow"
        "&redirect_uri="
        + form_encoded(redirect);
    struct library {
        std::string query, verifier_sent;
    };
    for (const library& one :
         {library{"&scope=user.info.basic&state=x", ""}, library{"&scope=user.info.profile", ""},
          library{"&scope=user.info.basic,video.list&state=x&code_challenge_method=S256&code_challenge="
                      + std::string(base64url_challenge),
                  verifier}}) {
        const answer back = send("GET", begin + one.query, {}, "");
        ASSERT_TRUE(address_of(back).starts_with(redirect)) << one.query << address_of(back);
        const answer pair = exchange(field_or_empty(location(back), "code"), one.verifier_sent, redirect);
        ASSERT_EQ(pair.status, 200) << one.query << pair.body;
        const std::string access(json(pair).at("access_token").as_string());
        EXPECT_EQ(get("/v2/user/info/?fields=open_id,union_id,avatar_url,display_name", access).status, 200)
            << one.query;
    }
}

} // namespace gateway::simulator::testing
