// Records of a login and of a grant that waits for its confirmation, for the suites of every engine and the
// tests of the vault.
#pragma once
#include "unit/store/store_fixture.hpp"

#include <string>

namespace gateway::testing {

inline store::oauth_state_record begun_login(const std::string& state_hash) {
    store::oauth_state_record out;
    out.state_hash = state_hash;
    out.caller = caller("shop");
    out.user = user("ann");
    out.sealed_verifier = std::string("\1v\0", 3);
    out.return_url = "https://shop.example/done";
    out.scopes = "user.info.basic";
    out.expires_at = at_second(600);
    out.app = "app";
    return out;
}

inline store::pending_grant_record waiting_grant(const std::string& hash, const std::string& name = "ann",
                                                 const std::string& account = "open-1") {
    store::pending_grant_record out;
    out.confirmation_hash = hash;
    out.caller = caller("shop");
    out.user = user(name);
    out.app = "app";
    out.account = open_id::trusted(account);
    out.scopes = "video.list";
    out.sealed_tokens = std::string("\1s\0", 3) + hash;
    out.access_expires_at = at_second(7'200);
    out.refresh_expires_at = at_second(15'552'000);
    out.created_at = out.granted_at = at_second(0);
    out.expires_at = at_second(600);
    return out;
}

} // namespace gateway::testing
