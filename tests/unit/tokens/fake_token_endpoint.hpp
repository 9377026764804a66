// A fake of TikTok's token endpoint: rotates or not, loses answers, gives wrong ones, refuses. One thread.
#pragma once
#include "http/query.hpp"
#include "runtime/waiter.hpp"
#include "tiktok/oauth.hpp"
#include "unit/runtime/run_on.hpp"

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace gateway::testing {

class fake_token_endpoint {
public:
    enum class mode { answer, lose_before, lose_after, unreachable, no_connection, text };

    /// The modes of the next requests, in order; `answer` when it is empty.
    std::deque<mode> next;
    bool rotates = true;            // an old refresh token becomes invalid when a new one is issued
    std::string account = "open-1"; // the open_id in the answer
    std::string scopes = "user.info.basic,video.list";
    std::string lifetime = "7200"; // JSON
    bool sends_refresh_token = true;
    int status = 200; // with mode::text
    std::string body; // with mode::text
    std::string date; // of its answers; empty: they have none
    milliseconds delay{0};
    std::function<task<void>()> before_answer; // runs between the rotation and the answer

    std::set<std::string> good_refresh_tokens;
    std::map<std::string, std::string> good_codes; // code → redirect_uri
    std::vector<std::string> requests;             // grant types, or `revoke`
    std::vector<sharer> asked_by;                  // for whom
    std::set<std::string> revoked;                 // access tokens
    std::string last_verifier;

    tiktok::send_form sender() {
        return [this](std::string request, deadline until, sharer by) {
            asked_by.push_back(by);
            return serve(std::move(request), until);
        };
    }

private:
    task<result<outbound::reply>> serve(std::string request, deadline until) {
        const std::string form = request.substr(request.find("\r\n\r\n") + 4);
        const auto fields = http::query::parse(form);
        const auto* grant = fields->find("grant_type");
        requests.push_back(grant == nullptr ? "revoke" : *grant);
        auto how = mode::answer;
        if (!next.empty()) {
            how = next.front();
            next.pop_front();
        }
        if (delay.count() > 0) co_await pause_until(deadline::in(steady_now(), delay).no_later_than(until));
        if (how == mode::no_connection) co_return failure{errc::overloaded, "none is free"};
        if (how == mode::unreachable) co_return failure{errc::tiktok_unreachable, "refused"};
        if (how == mode::lose_before) co_return lost();
        outbound::reply out = how == mode::text ? reply_of(status, body) : judge(*fields);
        if (before_answer) co_await before_answer();
        if (how == mode::lose_after) co_return lost();
        co_return out;
    }

    static failure lost() { return failure{errc::deadline_exceeded, "no answer"}.may_have_reached_tiktok(); }

    outbound::reply reply_of(int code, std::string text) const {
        outbound::reply out;
        out.status = code;
        const std::string head = date.empty() ? "" : "HTTP/1.1 200 OK\r\nDate: " + date + "\r\n\r\n";
        out.bytes = head + text;
        out.body_at = head.size();
        return out;
    }

    static std::string field(const http::query& of, std::string_view name) {
        const auto* value = of.find(name);
        return value == nullptr ? std::string{} : *value;
    }

    outbound::reply judge(const http::query& fields) {
        if (field(fields, "client_secret") != "app-secret")
            return reply_of(200, R"({"error":"invalid_client"})");
        if (const auto* token = fields.find("token")) {
            revoked.insert(*token);
            return reply_of(200, "");
        }
        if (field(fields, "grant_type") == "refresh_token") {
            const auto token = field(fields, "refresh_token");
            if (!good_refresh_tokens.contains(token)) return reply_of(400, R"({"error":"invalid_grant"})");
            if (rotates) good_refresh_tokens.erase(token);
        } else {
            const auto code = good_codes.find(field(fields, "code"));
            if (code == good_codes.end() || code->second != field(fields, "redirect_uri"))
                return reply_of(400, R"({"error":"invalid_grant"})");
            good_codes.erase(code);
            last_verifier = field(fields, "code_verifier");
        }
        return reply_of(200, issue());
    }

    std::string issue() {
        const std::string number = std::to_string(++issued_);
        std::string out = R"({"access_token":"act.issued)" + number + R"(","expires_in":)" + lifetime
                          + R"(,"open_id":")" + account + R"(","scope":")" + scopes
                          + R"(","token_type":"Bearer")";
        if (sends_refresh_token) {
            good_refresh_tokens.insert("rft.issued" + number);
            out += R"(,"refresh_token":"rft.issued)" + number + R"(","refresh_expires_in":15552000)";
        }
        return out + "}";
    }

    int issued_ = 0;
};

} // namespace gateway::testing
