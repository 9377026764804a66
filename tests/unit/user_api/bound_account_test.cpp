// TikTok's API for a `creator_id`: only tokens of that account are sent, whatever account the acting user has
// by then (docs/contract.md §5).
#include "limits/shared_bytes.hpp"
#include "outbound/client.hpp"
#include "outbound/resolver.hpp"
#include "outbound/tls_client_context.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/requests.hpp"
#include "unit/connections/accounts_fixture.hpp"
#include "unit/outbound/loopback_server.hpp"
#include "user_api/api_client.hpp"
#include "user_api/bound_api.hpp"
#include "windows/window_rules.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace gateway::testing {
namespace {

class BoundAccount : public accounts_fixture {
protected:
    void SetUp() override {
        accounts_fixture::SetUp();
        tiktok.emplace(*client, outbound::origin{"tiktok.test", server.port()}, *tokens, shared, memory,
                       no_hosts, sink.of_worker(0));
        connect("ann", "open-1");
        EXPECT_EQ(token_of("ann"), "act.ann"); // it is in memory
    }
    void TearDown() override {
        tiktok.reset();
        client.reset();
        accounts_fixture::TearDown();
    }
    /// At a replica whose notification is late: memory here still has the pair of before.
    void change_account_elsewhere(const std::string& account) {
        auto other = vault_on(*records, ring_of("a"));
        auto fresh = pair("elsewhere");
        fresh.account = open_id::trusted(account);
        ASSERT_TRUE(run_on(loop, other.save_grant(ann, std::move(fresh), vault::account_change::allowed, {},
                                                  wall_now(), soon())));
    }
    user_api::bound_api api_for(const std::string& account) {
        user_api::bound_api api(*tiktok, ann, record, soon());
        api.require_account(open_id::trusted(account));
        return api;
    }
    /// How the call ended.
    errc end_of_call(user_api::bound_api& api) {
        auto what = tiktok::user_info_request("display_name");
        const auto answer = run_on(loop, api.call(std::move(what)));
        return answer ? errc{} : answer.error().code();
    }
    std::vector<std::string> sent() {
        const std::lock_guard guard(lock);
        return seen;
    }
    /// Notes the token, and answers 401 to those that are refused.
    void answer_one(peer& p) {
        const auto head = p.read_head();
        constexpr std::string_view before = "Bearer ";
        const auto at = head.find(before) + before.size();
        const auto token = head.substr(at, head.find('\r', at) - at);
        bool is_refused = false;
        {
            const std::lock_guard guard(lock);
            seen.push_back(token);
            is_refused = token == refused;
        }
        const std::string words = is_refused ? "access_token_invalid" : "ok";
        const std::string body =
            R"({"data":{"user":{"display_name":"x"}},"error":{"code":")" + words + R"(","message":""}})";
        p.write("HTTP/1.1 " + std::string(is_refused ? "401 Unauthorized" : "200 OK")
                + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size())
                + "\r\n\r\n" + body);
    }

    static outbound::resolver_options to_loopback() {
        outbound::resolver_options options;
        options.fixed = {{"tiktok.test", "127.0.0.1"}};
        return options;
    }

    const user_id ann = user_id::trusted("ann");
    std::mutex lock;
    std::vector<std::string> seen;
    std::string refused;
    certificate_authority authority;
    loopback_server server{authority.issue("tiktok.test"), [this](peer& p) {
                               for (;;)
                                   answer_one(p);
                           }};
    outbound::tls_client_context tls{folder.write("ca.pem", authority.pem())};
    outbound::resolver names{to_loopback()};
    std::optional<outbound::client> client{std::in_place, loop, tls, names, outbound::client_limits{}};
    limits::window_table table{windows::window_rules({})};
    std::unique_ptr<store::store> windows_store = *store::open_store("sqlite:" + folder.file("windows.db"));
    windows::shared_windows shared{loop, windows_store->on(), windows_store->windows, table};
    limits::shared_bytes memory{1 << 20, 1, callers};
    const std::vector<std::string> no_hosts;
    telemetry::call_record record;
    std::optional<user_api::api_client> tiktok;
};

TEST_F(BoundAccount, AuditCTheStoreIsAskedWhenMemoryHasTheUsersAccountOfBefore) {
    change_account_elsewhere("open-2");
    auto api = api_for("open-2");
    EXPECT_FALSE(api.try_bind()) << "memory has tokens of the other account";
    ASSERT_TRUE(run_on(loop, api.bind()));
    EXPECT_EQ(end_of_call(api), errc{});
    EXPECT_EQ(sent(), std::vector<std::string>{"act.elsewhere"});
}

TEST_F(BoundAccount, AuditCAUserWhoHasAnotherAccountByNowIsNotTheCreator) {
    grant("ann", [] {
        auto fresh = pair("2");
        fresh.account = open_id::trusted("open-2");
        return fresh;
    }());
    auto api = api_for("open-1");
    EXPECT_FALSE(api.try_bind());
    const auto bound = run_on(loop, api.bind());
    ASSERT_FALSE(bound);
    EXPECT_EQ(bound.error().code(), errc::creator_not_authorized);
    EXPECT_EQ(bound.error().details()->fields.at(0).field, "creator_id");
}

TEST_F(BoundAccount, AuditCTokensThatAreReplacedBetweenTheBindAndTheRequestAreNotSent) {
    auto api = api_for("open-1");
    ASSERT_TRUE(api.try_bind());
    connect("ann", "open-2");
    const auto then = coarse_wall_now(); // tokens of the same few milliseconds are still the right account's
    turn_until(loop, [then] { return coarse_wall_now() != then; });
    EXPECT_EQ(end_of_call(api), errc::creator_not_authorized);
    EXPECT_TRUE(sent().empty());
}

TEST_F(BoundAccount, AuditCARequestThatWasRefusedIsNotRepeatedWithTokensOfAnotherAccount) {
    refused = "act.ann";
    change_account_elsewhere("open-2");
    auto api = api_for("open-1");
    ASSERT_TRUE(api.try_bind());
    EXPECT_EQ(end_of_call(api), errc::creator_not_authorized);
    EXPECT_EQ(sent(), std::vector<std::string>{"act.ann"});
}

TEST_F(BoundAccount, AuditCWithoutACreatorTheUsersOwnAccountIsUsedWhateverItIs) {
    change_account_elsewhere("open-2");
    refused = "act.ann";
    user_api::bound_api api(*tiktok, ann, record, soon());
    ASSERT_TRUE(api.try_bind());
    EXPECT_EQ(end_of_call(api), errc{});
    const std::vector<std::string> both{"act.ann", "act.elsewhere"};
    EXPECT_EQ(sent(), both);
}

} // namespace
} // namespace gateway::testing
