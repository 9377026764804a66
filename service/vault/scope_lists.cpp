#include "vault/scope_lists.hpp"

#include "base/lists.hpp"

namespace gateway::vault {

shared_scopes scope_lists::of(const std::string& comma_list) {
    const std::lock_guard held(lock_);
    if (const auto found = known_.find(comma_list); found != known_.end()) return found->second;
    auto made = std::make_shared<const scope_list>(split_list(comma_list));
    if (known_.size() < shared_max) known_.emplace(comma_list, made);
    return made;
}

} // namespace gateway::vault
