// token_service with a real vault and store, and a fake token endpoint.
#pragma once
#include "store/queries.hpp"
#include "telemetry/sink.hpp"
#include "tokens/token_service.hpp"
#include "unit/tokens/fake_token_endpoint.hpp"
#include "unit/vault/vault_fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::testing {

using mode = fake_token_endpoint::mode;

/// Another replica stores a new grant of ann's.
inline task<void> store_elsewhere(vault::token_vault& replica) {
    auto fresh = pair("elsewhere");
    store::grant_permit no_permit;
    const auto saved =
        co_await replica.save_grant(user_id::trusted("ann"), std::move(fresh), vault::account_change::allowed,
                                    std::move(no_permit), wall_now(), soon());
    if (!saved) throw std::runtime_error(saved.error().message());
}

inline task<void> revoke_ann(vault::token_vault& at) {
    auto account = open_id::trusted("open-1");
    const auto gone =
        co_await at.revoke(std::move(account), wall_now(), "user_disconnected", wall_now(), soon());
    if (!gone) throw std::runtime_error(gone.error().message());
}

inline std::vector<std::string_view> refresh_results() {
    using tokens::refresh_result;
    std::vector<std::string_view> all;
    for (auto at = refresh_result::refreshed; at <= refresh_result::store_failed;
         at = static_cast<refresh_result>(static_cast<int>(at) + 1))
        all.push_back(tokens::name_of(at));
    return all;
}

/// How many refreshes ended in which way, as the metrics have it.
class refresh_counts {
public:
    explicit refresh_counts(const telemetry::sink& of) : of_(of) {}

    int operator[](tokens::refresh_result how) const { return count(tokens::name_of(how)); }
    bool any() const {
        const auto all = refresh_results();
        return std::any_of(all.begin(), all.end(), [this](std::string_view how) { return count(how) > 0; });
    }

private:
    int count(std::string_view how) const {
        const auto text = of_.scrape();
        const std::string name = "token_refreshes_total{result=\"" + std::string(how) + "\"} ";
        const auto at = text.find(name);
        return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + name.size());
    }
    const telemetry::sink& of_;
};

class tokens_fixture : public vault_fixture {
protected:
    void SetUp() override {
        vault_fixture::SetUp();
        use_app();
        make_tokens();
    }
    void TearDown() override {
        if (tokens) run_on(loop, tokens->drain(soon()));
        tokens.reset();
    }

    /// That of `client_key`.
    void use_app() {
        app.emplace(client_key, secret{"app-secret"},
                    [this](const tiktok_error_text& words) { app_refusals.push_back(words.code); });
        ask.emplace(endpoint.sender(), "open.tiktokapis.com", *app, "https://gw.example/oauth/callback");
    }
    void make_tokens() {
        tokens::token_service_settings settings;
        settings.refresh_per_second = refresh_per_second;
        settings.propagation_grace = propagation_grace;
        settings.young_token_age = young_token_age;
        settings.certain = milliseconds{0};
        settings.lease_length = lease_length;
        settings.request_timeout = request_timeout;
        settings.callers = &callers;
        tokens =
            std::make_unique<tokens::token_service>(loop, *ask, *vault, records->refreshes, settings, &sink);
    }
    milliseconds propagation_grace{0}; // for the next make_tokens(), like the members below
    milliseconds young_token_age{60'000};
    double refresh_per_second = 1000;
    caller_count callers;
    milliseconds lease_length{60'000}, request_timeout{15'000};
    /// A grant whose access token has this much left of its two hours (negative: expired).
    vault::shared_tokens grant_with(const std::string& name, seconds left) {
        endpoint.good_refresh_tokens.insert("rft.first");
        auto fresh = pair("first");
        return grant(name, std::move(fresh), wall_now() - seconds{7200} + left);
    }
    result<vault::shared_tokens> access(const std::string& name, deadline until = soon()) {
        return run_on(loop, tokens->access(user_id::trusted(name), until, sharer::gateway));
    }
    /// As if TikTok had refused this pair of ann's for a call of this kind.
    result<vault::shared_tokens> after_401(const vault::shared_tokens& refused, unsigned kind = 0) {
        return run_on(
            loop, tokens->refresh_after_401(user_id::trusted("ann"), refused, kind, soon(), sharer::gateway));
    }
    store::connection_record record(const std::string& name) {
        return **run_on(loop, records->connections.find(user_id::trusted(name), soon()));
    }
    /// As somebody who can write to the database.
    void change_rows(const std::string& sql) {
        auto change = [sql](store::transaction& at) -> task<void> {
            return execute(at, store::statement::composed(sql));
        };
        ASSERT_TRUE(
            run_on(loop, store::run(records->on(), store::unit::writes(), soon(), std::move(change))));
    }
    void settle() {
        turn_until(loop, [this] { return told.any(); });
    }
    std::size_t requests() const { return endpoint.requests.size(); }

    fake_token_endpoint endpoint;
    std::vector<std::string> app_refusals; // as they are logged
    std::optional<tiktok::app_credentials> app;
    std::optional<tiktok::oauth> ask;
    telemetry::log_queue lines{-1};
    telemetry::sink sink{{{}, {}, refresh_results()}, lines, telemetry::level::error, 1};
    refresh_counts told{sink};
    std::unique_ptr<tokens::token_service> tokens;
};

} // namespace gateway::testing
