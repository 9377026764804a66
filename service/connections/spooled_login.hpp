// What decides where the grant of a login goes, as text: it is kept with the pair on the disk while the store
// is away (vault/pair_spool.hpp), and authenticated with it. Pure.
#pragma once
#include "store/logins.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gateway::connections {

/// Without the verifier, which was used.
std::string write_spooled_login(const store::oauth_state_record& login);
std::optional<store::oauth_state_record> read_spooled_login(std::string_view text);

} // namespace gateway::connections
