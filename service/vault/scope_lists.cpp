#include "vault/scope_lists.hpp"

namespace gateway::vault {

scope_list split_scopes(std::string_view comma_list) {
    scope_list out;
    while (!comma_list.empty()) {
        const auto comma = comma_list.find(',');
        auto one = comma_list.substr(0, comma);
        comma_list = comma == std::string_view::npos ? std::string_view{} : comma_list.substr(comma + 1);
        while (one.starts_with(' '))
            one.remove_prefix(1);
        while (one.ends_with(' '))
            one.remove_suffix(1);
        if (!one.empty()) out.emplace_back(one);
    }
    return out;
}

shared_scopes scope_lists::of(const std::string& comma_list) {
    const std::lock_guard held(lock_);
    if (const auto found = known_.find(comma_list); found != known_.end()) return found->second;
    auto made = std::make_shared<const scope_list>(split_scopes(comma_list));
    if (known_.size() < shared_max) known_.emplace(comma_list, made);
    return made;
}

} // namespace gateway::vault
