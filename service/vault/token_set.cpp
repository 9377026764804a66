#include "vault/token_set.hpp"

#include <algorithm>

namespace gateway::vault {

const scope_list& token_set::scopes() const {
    static const scope_list none;
    return granted ? *granted : none;
}

bool token_set::has_scope(std::string_view name) const {
    return std::find(scopes().begin(), scopes().end(), name) != scopes().end();
}

} // namespace gateway::vault
