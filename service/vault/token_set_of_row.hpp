// A user's token_set, made of the row in the store and the text of its pair. Any thread. Private to vault/.
#pragma once
#include "vault/scope_lists.hpp"
#include "vault/token_set.hpp"
#include "vault/token_text.hpp"

#include <cstdint>
#include <memory>

namespace gateway::vault {

/// A set without the tokens.
std::shared_ptr<token_set> described(const store::connection_summary& record, scope_lists& lists);
/// `version`: under which they are sealed.
void take_tokens(token_set& into, token_text&& text, std::uint64_t version);

} // namespace gateway::vault
