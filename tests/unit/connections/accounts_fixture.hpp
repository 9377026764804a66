// The service for connections with a real vault and store, a fake token endpoint, and a TikTok that says
// whose an access token is: for imports, for accounts of several users, and for other TikTok apps.
#pragma once
#include "connections/connection_service.hpp"
#include "unit/tokens/token_service_fixture.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace gateway::testing {

class accounts_fixture : public tokens_fixture {
protected:
    void SetUp() override {
        tokens_fixture::SetUp();
        make_service();
    }
    void make_service() {
        connection_service = std::make_unique<connections::connection_service>(
            records->connections, records->logins, records->pending, *vault, *ask, *tokens,
            connections::login_settings{}, records->refreshes,
            [this](user_id, secret access_token, deadline) {
                return account_of(std::string(access_token.reveal()));
            });
    }
    /// Another process on the same store, under this TikTok app.
    void restart_as(const std::string& other_app) {
        connection_service.reset();
        run_on(loop, tokens->drain(soon()));
        tokens.reset();
        client_key = other_app;
        start("a");
        ASSERT_TRUE(checked) << checked.error().message();
        use_app();
        make_tokens();
        make_service();
    }
    void TearDown() override {
        connection_service.reset();
        tokens_fixture::TearDown();
    }

    result<store::connection_summary> import(const std::string& name, const std::string& number,
                                             const std::string& account, int expires_in = 7200,
                                             const std::string& scopes = "user.info.basic,video.list") {
        std::string body = R"({"access_token":"act.)" + number + R"(","expires_in":)"
                           + std::to_string(expires_in) + R"(,"refresh_token":"rft.)" + number
                           + R"(","refresh_expires_in":15552000,"open_id":")" + account + R"(","scope":")"
                           + scopes + R"("})";
        return run_on(loop, connection_service->import_tokens(user_id::trusted(name), std::move(body),
                                                              wall_now(), soon()));
    }
    /// A user with a good pair of this account, as after a login.
    void connect(const std::string& name, const std::string& account, milliseconds lifetime = seconds{7200}) {
        auto fresh = pair(name, lifetime);
        fresh.account = open_id::trusted(account);
        endpoint.good_refresh_tokens.insert("rft." + name);
        grant(name, std::move(fresh), wall_now() - seconds{1});
    }
    result<store::connection_summary> show(const std::string& name) {
        return run_on(loop, connection_service->show(user_id::trusted(name), soon()));
    }
    connections::disconnected disconnect(const std::string& name) {
        const auto gone =
            run_on(loop, connection_service->disconnect(user_id::trusted(name), wall_now(), soon()));
        if (!gone) throw std::runtime_error(gone.error().message());
        return *gone;
    }
    std::vector<std::string> users_of(const std::string& account,
                                      std::vector<std::string> of_caller = {"*"}) {
        settings::caller by;
        by.users = std::move(of_caller);
        const auto found =
            run_on(loop, connection_service->of_account(by, open_id::trusted(account), soon()));
        std::vector<std::string> names;
        for (const auto& one : *found)
            names.push_back(one.user.text());
        return names;
    }
    connections::revocation_round retry() {
        return *run_on(loop, connection_service->retry_revocations(soon()));
    }
    std::string token_of(const std::string& name) {
        const auto got = access(name);
        return got ? std::string((**got).access_token.reveal()) : got.error().message();
    }
    static std::string field_of(const result<store::connection_summary>& refused) {
        if (refused || refused.error().code() != errc::invalid_input || !refused.error().details()) return "";
        return refused.error().details()->fields.at(0).field;
    }

    std::map<std::string, std::string> owners; // access token → open_id at TikTok; absent: refused
    int questions = 0;
    bool tiktok_is_away = false;
    std::function<task<void>()> while_asked; // runs once, before TikTok says whose an access token is
    std::unique_ptr<connections::connection_service> connection_service;

private:
    task<result<std::optional<open_id>>> account_of(std::string access_token) {
        ++questions;
        const auto meanwhile = std::exchange(while_asked, nullptr);
        if (meanwhile) co_await meanwhile();
        std::optional<open_id> named;
        if (tiktok_is_away) co_return failure{errc::tiktok_unreachable, "away"};
        const auto found = owners.find(access_token);
        if (found != owners.end()) named = open_id::trusted(found->second);
        co_return named;
    }
};

} // namespace gateway::testing
