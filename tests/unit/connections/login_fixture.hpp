// connection_service with a real vault and store, and a fake token endpoint: logins from their start to the
// callback.
#pragma once
#include "base/digest.hpp"
#include "base/lists.hpp"
#include "connections/connection_service.hpp"
#include "http/query.hpp"
#include "unit/tokens/token_service_fixture.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::testing {

using connections::callback_page;
using connections::callback_query;
using connections::callback_redirect;
using store::connection_state;

class login_fixture : public tokens_fixture {
protected:
    void SetUp() override {
        tokens_fixture::SetUp();
        all.public_url = "https://gw.example";
        by.name = "shop";
        by.return_url_prefixes = {"https://shop.example/app"};
        connection_service = service_on(*records, *vault);
    }
    std::unique_ptr<connections::connection_service> service_on(store::store& at, vault::token_vault& with) {
        connections::login_settings logins{all.tiktok.authorize_url, all.public_url, all.tiktok.scopes,
                                           all.tiktok.pkce};
        auto made = std::make_unique<connections::connection_service>(
            at.connections, at.logins, at.pending, with, *ask, *tokens, std::move(logins), at.refreshes,
            [](user_id, secret, deadline) { return everybody_is_open_9(); }, &login_sink);
        made->change_callers([this](std::string_view name) {
            return caller_exists && name == by.name ? std::optional(by) : std::nullopt;
        });
        return made;
    }
    /// TikTok's user/info.
    static task<result<std::optional<open_id>>> everybody_is_open_9() {
        std::optional<open_id> named{open_id::trusted("open-9")};
        co_return named;
    }

    result<connections::login_start> begin(const std::string& name, connections::login_options wish = {},
                                           wall_time now = wall_now()) {
        return run_on(loop,
                      connection_service->start(by, user_id::trusted(name), std::move(wish), now, soon()));
    }
    /// The browser's part of a login: TikTok's page redirects it back with a code.
    callback_query agree(const std::string& authorize_url) {
        const auto sent = *http::query::parse(authorize_url.substr(authorize_url.find('?') + 1));
        endpoint.good_codes["co*de!"] = *sent.find("redirect_uri");
        challenge = sent.find("code_challenge") ? *sent.find("code_challenge") : "";
        callback_query out;
        out.code = "co*de!";
        out.state = *sent.find("state");
        return out;
    }
    connections::callback_answer come_back(callback_query query, wall_time now = wall_now()) {
        auto end = run_on(loop, connection_service->callback(std::move(query), now, soon()));
        reason = end.reason;
        return std::move(end.shown);
    }
    std::string_view reason; // the reason of the last refusal
    /// How many logins ended so, as the metrics have it.
    std::string ended(const std::string& result) const {
        const auto text = login_sink.scrape();
        const std::string name = "logins_total{result=\"" + result + "\"} ";
        const auto at = text.find(name) + name.size();
        return text.substr(at, text.find('\n', at) - at);
    }
    std::string go_to(const connections::callback_answer& answer) {
        const auto* onward = std::get_if<callback_redirect>(&answer);
        EXPECT_NE(onward, nullptr) << "a page";
        return onward ? onward->to : "";
    }
    int status_of(const connections::callback_answer& answer) {
        return std::get<callback_page>(answer).status;
    }
    result<store::connection_summary> show(const std::string& name) {
        return run_on(loop, connection_service->show(user_id::trusted(name), soon()));
    }
    connections::disconnected disconnect(const std::string& name) {
        const auto gone =
            run_on(loop, connection_service->disconnect(user_id::trusted(name), wall_now(), soon()));
        EXPECT_TRUE(gone) << name;
        EXPECT_EQ(show(name).error().code(), errc::user_not_connected);
        return gone ? *gone : connections::disconnected{};
    }
    result<bool> revoke_all(const std::string& account) {
        const auto gone = run_on(loop, vault->revoke(open_id::trusted(account), wall_now(),
                                                     "user_disconnected", wall_now(), soon()));
        if (!gone) return gone.error();
        return *gone > 0;
    }
    std::size_t removed(const std::string& account, wall_time happened_at) {
        return *run_on(loop, connection_service->on_authorization_removed(open_id::trusted(account), 1,
                                                                          happened_at, wall_now(), soon()));
    }

    settings::all all;
    settings::caller by; // in the settings of the moment, if `caller_exists`
    bool caller_exists = true;
    std::string challenge;
    telemetry::sink login_sink{{{}, {}, {}, connections::login_results()}, lines, telemetry::level::error, 1};
    std::unique_ptr<connections::connection_service> connection_service;
};

} // namespace gateway::testing
