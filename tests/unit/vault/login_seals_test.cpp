// What decides where the grant of a login goes is authenticated (docs/promises.md V05).
#include "unit/store/login_records.hpp"
#include "unit/vault/vault_fixture.hpp"

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace gateway::testing {

using store::oauth_state_record;
using store::pending_grant_record;

class LoginSeals : public vault_fixture {
protected:
    oauth_state_record login(const std::string& verifier) {
        auto out = begun_login(std::string(32, 'h'));
        out.sealed_verifier = *run_on(loop, vault->seal_login(out, secret{std::string(verifier)}, soon()));
        return out;
    }
    pending_grant_record grant() {
        auto out = waiting_grant(std::string(32, 'c'));
        out.state_hash = std::string(32, 'h');
        out.sealed_tokens = *run_on(loop, vault->seal_waiting(out, pair("1"), soon()));
        return out;
    }
    std::optional<secret> open_login(const oauth_state_record& of) {
        auto opened = run_on(loop, vault->open_login(of, soon()));
        if (!opened) throw std::runtime_error(opened.error().message());
        return std::move(*opened);
    }
    bool opens(const pending_grant_record& of) {
        return run_on(loop, vault->open_waiting(of, soon()))->has_value();
    }
};

TEST_F(LoginSeals, AuditCV05ALoginOpensOnlyAsItWasBegunAlsoWithoutPkce) {
    using change = std::pair<std::string, std::function<void(oauth_state_record&)>>;
    const std::vector<change> changes{
        {"state", [](auto& of) { of.state_hash.back() = 'x'; }},
        {"caller", [](auto& of) { of.caller = caller_name::trusted("other"); }},
        {"user", [](auto& of) { of.user = user_id::trusted("attacker"); }},
        {"return_url", [](auto& of) { of.return_url = "https://shop.example/other"; }},
        {"no return_url", [](auto& of) { of.return_url.clear(); }},
        {"scopes", [](auto& of) { of.scopes += ",video.publish"; }},
        {"time", [](auto& of) { of.expires_at += milliseconds{1}; }},
        {"replace_account", [](auto& of) { of.replace_account = true; }},
        {"app", [](auto& of) { of.app = "another-app"; }},
        {"confirm", [](auto& of) { of.confirm = true; }},
        {"a border between two members",
         [](auto& of) {
             of.caller = caller_name::trusted("sho");
             of.user = user_id::trusted("pann");
         }},
        {"another login's blob", [this](auto& of) {
             auto other = of;
             other.user = user_id::trusted("attacker");
             of.sealed_verifier = *run_on(loop, vault->seal_login(other, secret{"v"}, soon()));
         }}};
    for (const auto* verifier : {"verifier", ""}) {
        const auto begun = login(verifier);
        ASSERT_TRUE(open_login(begun));
        EXPECT_EQ(open_login(begun)->reveal(), verifier);
        for (const auto& [what, apply] : changes) {
            auto changed = begun;
            apply(changed);
            EXPECT_FALSE(open_login(changed)) << what;
        }
        for (const auto progress : {store::login_progress::taken, store::login_progress::stored}) {
            auto running = begun;
            running.progress = progress;
            EXPECT_TRUE(open_login(running)) << "what became of it comes later";
        }
    }
    EXPECT_EQ(vault->counts().damaged, 2 * changes.size()) << "for the operator's alert";
}

TEST_F(LoginSeals, AuditCV05WhatBecameOfALoginOpensOnlyInItsOwnRow) {
    const auto ended = [this](oauth_state_record of, const std::string& what) {
        of.progress = store::login_progress::ended;
        of.sealed_verifier = *run_on(loop, vault->seal_login(of, secret{std::string(what)}, soon()));
        return of;
    };
    const auto begun = login("verifier");
    const auto mine = ended(begun, "connected");
    ASSERT_TRUE(open_login(mine));
    EXPECT_EQ(open_login(mine)->reveal(), "connected");
    EXPECT_EQ(mine.sealed_verifier.find("connected"), std::string::npos);
    auto other = begun;
    other.state_hash.back() = 'x';
    auto changed = mine;
    changed.sealed_verifier = ended(other, "connected").sealed_verifier;
    EXPECT_FALSE(open_login(changed)) << "another login's end";
    changed = mine;
    changed.return_url = "https://shop.example/other";
    EXPECT_FALSE(open_login(changed)) << "another page";
    changed = mine;
    changed.sealed_verifier.back() ^= 1;
    EXPECT_FALSE(open_login(changed));
    for (const auto progress :
         {store::login_progress::begun, store::login_progress::taken, store::login_progress::stored}) {
        changed = mine;
        changed.progress = progress;
        EXPECT_FALSE(open_login(changed)) << "it runs no more";
    }
    changed = begun;
    changed.progress = store::login_progress::ended;
    EXPECT_FALSE(open_login(changed)) << "it has not ended";
}

TEST_F(LoginSeals, AuditCV05AWaitingGrantOpensOnlyForItsCallerUserAppAndAccount) {
    using change = std::pair<std::string, std::function<void(pending_grant_record&)>>;
    const std::vector<change> changes{
        {"confirmation", [](auto& of) { of.confirmation_hash.back() = 'x'; }},
        {"login", [](auto& of) { of.state_hash.back() = 'x'; }},
        {"caller", [](auto& of) { of.caller = caller_name::trusted("other"); }},
        {"user", [](auto& of) { of.user = user_id::trusted("attacker"); }},
        {"app", [](auto& of) { of.app = "another-app"; }},
        {"account", [](auto& of) { of.account = open_id::trusted("open-2"); }},
        {"scopes", [](auto& of) { of.scopes = "video.publish"; }},
        {"replace_account", [](auto& of) { of.replace_account = true; }},
        {"age", [](auto& of) { of.created_at += seconds{600}; }},
        {"age at TikTok", [](auto& of) { of.granted_at += seconds{600}; }},
        {"access token's end", [](auto& of) { of.access_expires_at += seconds{1}; }},
        {"refresh token's end", [](auto& of) { of.refresh_expires_at += seconds{1}; }}};
    const auto waits = grant();
    const auto opened = run_on(loop, vault->open_waiting(waits, soon()));
    ASSERT_TRUE(opened && *opened);
    EXPECT_EQ((**opened).access_token.reveal(), "act.1");
    EXPECT_EQ((**opened).refresh_token.reveal(), "rft.1");
    EXPECT_EQ((**opened).account.text(), "open-1");
    EXPECT_EQ((**opened).access_lifetime, milliseconds{7'200'000});
    for (const auto& [what, apply] : changes) {
        auto changed = waits;
        apply(changed);
        EXPECT_FALSE(opens(changed)) << what;
    }
    auto claimed = waits;
    claimed.reserved_until += seconds{60};
    claimed.expires_at = from_unix_ms(0);
    EXPECT_TRUE(opens(claimed)) << "a confirmation has reserved it";
}

TEST_F(LoginSeals, V05NeitherSealStandsForTheOther) {
    auto waits = grant();
    const auto begun = login("verifier");
    waits.sealed_tokens = begun.sealed_verifier;
    EXPECT_FALSE(opens(waits));
    auto other = begun;
    other.sealed_verifier = grant().sealed_tokens;
    EXPECT_FALSE(open_login(other));
}

} // namespace gateway::testing
