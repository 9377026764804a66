// What decides where the grant of a login goes, as text: it is kept with the pair on the disk while the store
// is away (vault/pair_spool.hpp), and authenticated with it. Pure.
#pragma once
#include "store/logins.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::connections {

struct spooled_login {
    store::oauth_state_record login;   // without the verifier, which was used
    std::string page_salt, page_proof; // of its outcome (login_outcome.hpp), for whoever loads the page again
};
std::string write_spooled_login(const spooled_login& what);
std::optional<spooled_login> read_spooled_login(std::string_view text);

} // namespace gateway::connections
