// The fixture of the flow tests of logins: a login from the call through TikTok's page to the callback.
#pragma once
#include "flow/action_test.hpp"

#include <gmock/gmock.h>

#include <cstddef>
#include <string>

class login_test : public action_test {
protected:
    harness::answer connect_call(const std::string& user, const boost::json::object& wish = {}) {
        return w.api().post(path_of(user, "/connect"), wish);
    }
    /// Path and query of TikTok's redirect to the gateway; `choice` is the user's choice on TikTok's page.
    std::string callback_of(const std::string& user, const boost::json::object& wish = {},
                            const std::string& choice = "simulate=allow") {
        const auto begun = connect_call(user, wish);
        EXPECT_EQ(begun.status, 200) << begun.raw;
        const auto url = begun.text_at("data.authorize_url");
        const auto page = w.browser().get(url.substr(url.find("/v2/auth/authorize/")) + "&" + choice);
        EXPECT_EQ(page.status, 302) << page.raw;
        const auto to = page.header("location");
        const auto path = to.find("/oauth/callback?");
        EXPECT_NE(path, std::string::npos) << to;
        return path == std::string::npos ? to : to.substr(path);
    }
    /// Requests it as the user's browser, which has no key.
    harness::answer land(const std::string& callback) { return w.stranger().get(callback); }

    std::string state_of(const std::string& user) {
        return w.api().get("/v1/users/" + user).text_at("data.state");
    }
    std::size_t valid_tokens_of(const char* account, const char* kind) {
        const auto history = w.tiktok().history();
        return history.at("accounts").at(account).at(kind).as_array().size();
    }
    void allow_return_urls() {
        w.options.variables["TIKTOK_GATEWAY__CALLERS"] =
            "[{name: flow, return_url_prefixes: ['https://app.example.com/tiktok'], key_sha256: "
            + sha256_of(w.caller_key()) + "}]";
    }
    static void expect_refused_page(const harness::answer& got) {
        EXPECT_EQ(got.status, 400) << got.raw;
        EXPECT_THAT(got.header("content-type"), testing::StartsWith("text/html"));
        EXPECT_THAT(got.body, testing::AnyOf(testing::HasSubstr("<h1>TikTok is not connected</h1>"),
                                             testing::HasSubstr("<h1>This link cannot be used</h1>")));
        expect_private(got);
    }
    /// The page is not cached and not framed, and its address (with code and state) is not sent as a
    /// referrer.
    static void expect_private(const harness::answer& got) {
        EXPECT_EQ(got.header("cache-control"), "no-store");
        EXPECT_EQ(got.header("referrer-policy"), "no-referrer");
        EXPECT_EQ(got.header("x-frame-options"), "DENY");
        EXPECT_THAT(got.header("content-security-policy"), testing::HasSubstr("frame-ancestors 'none'"));
    }
};
