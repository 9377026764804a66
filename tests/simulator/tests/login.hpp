// Logins at the demo app, for tests: its authorize page, and its token calls.
#pragma once
#include "tiktok.hpp"

namespace gateway::simulator::testing {

class OAuth : public tiktok {
protected:
    static std::string authorize_query(const std::string& more = "&simulate=allow",
                                       const std::string& redirect = callback) {
        return "/v2/auth/authorize/?client_key=demo-client-key&response_type=code&state=s%201"
               "&scope=user.info.basic,video.list&redirect_uri="
               + form_encoded(redirect) + "&code_challenge=" + challenge + "&code_challenge_method=S256"
               + more;
    }
    /// The authorize page that a browser shows in the end, after redirects to the page itself.
    answer page(const std::string& target) {
        answer out = send("GET", target, {}, "");
        const std::string to = address_of(out);
        return to.starts_with("/") ? send("GET", to, {}, "") : out;
    }
    /// Where a redirect leads; empty when there is none.
    static std::string address_of(const answer& out) {
        for (const auto& [name, value] : out.headers) {
            if (name == "Location") return value;
        }
        return "";
    }
    static form_fields location(const answer& out) {
        const std::string to = address_of(out);
        return to.empty() ? form_fields{} : *parse_form(to.substr(to.find('?') + 1));
    }
    std::string code(const std::string& more = "&simulate=allow") {
        return field_or_empty(location(send("GET", authorize_query(more), {}, "")), "code");
    }
    static std::string exchange_body(const std::string& of_code, const std::string& with_verifier = verifier,
                                     const std::string& redirect = callback) {
        return client() + "&grant_type=authorization_code&code=" + form_encoded(of_code)
               + "&redirect_uri=" + form_encoded(redirect) + "&code_verifier=" + with_verifier;
    }
    static std::string client() { return "client_key=demo-client-key&client_secret=demo-client-secret"; }
    answer token(const std::string& body) { return post_form("/v2/oauth/token/", body); }
    static std::string error_of(const answer& out) { return std::string(json(out).at("error").as_string()); }
    static std::string text_of_error(const answer& out) {
        return std::string(json(out).at("error_description").as_string());
    }
};

} // namespace gateway::simulator::testing
