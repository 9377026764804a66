// A simulator without sockets for tests: a world whose clock the test sets, and client calls.
#pragma once
#include "control/control.hpp"
#include "endpoints/endpoints.hpp"
#include "endpoints/upload.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <string>

namespace gateway::simulator::testing {

inline constexpr const char* verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
inline constexpr const char* challenge = "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3";
inline constexpr const char* callback = "http://127.0.0.1:8080/oauth/callback";

inline settings with_webhook() {
    settings all = default_settings();
    all.apps.front().webhook_url = "http://127.0.0.1:1/webhooks/tiktok";
    return all;
}

class tiktok : public ::testing::Test {
protected:
    /// Sends any request; the caller checks the answer.
    answer send(std::string method, const std::string& target, header_list headers, std::string body) {
        request in;
        in.method = std::move(method);
        const std::size_t question = std::min(target.find('?'), target.size());
        in.path = target.substr(0, question);
        in.query = target.substr(std::min(question + 1, target.size()));
        in.headers = std::move(headers);
        in.body = std::move(body);
        request_record record;
        record.log_id = "20261123161836ABCDEFABCDEFABCDEFABCD";
        request_record& kept = w.past.add(std::move(record));
        call c{w, in, kept};
        answer out = route(c);
        w.settle();
        return out;
    }
    answer get(const std::string& target, const std::string& token) {
        return send("GET", target, {{"authorization", "Bearer " + token}}, "");
    }
    answer post_json(const std::string& target, const std::string& token, const std::string& body) {
        return send(
            "POST", target,
            {{"authorization", "Bearer " + token}, {"content-type", "application/json; charset=UTF-8"}},
            body);
    }
    answer post_form(const std::string& target, const std::string& body) {
        return send("POST", target, {{"content-type", "application/x-www-form-urlencoded"}}, body);
    }
    answer control_call(std::string method, std::string path, std::string body) {
        request in;
        in.method = std::move(method);
        in.path = std::move(path);
        in.body = std::move(body);
        return control(w, in);
    }

    token_pair tokens_for(const std::string& username,
                          string_list scopes = default_settings().apps.front().scopes) {
        return w.tokens.issue("demo-client-key", username, std::move(scopes), 7200, 15'552'000, w.now());
    }
    void pass(milliseconds time) { w.advance(w.now() + time); }

    static boost::json::object json(const answer& out) { return boost::json::parse(out.body).as_object(); }
    static std::string code_of(const answer& out) {
        return std::string(json(out).at("error").as_object().at("code").as_string());
    }
    static boost::json::object data_of(const answer& out) { return json(out).at("data").as_object(); }

    world w{with_webhook(), from_unix_ms(1'795'000'000'000)};
};

} // namespace gateway::simulator::testing
