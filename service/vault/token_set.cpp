#include "vault/token_set.hpp"

#include <algorithm>

namespace gateway::vault {

bool token_set::has_scope(std::string_view name) const {
    return std::find(scopes.begin(), scopes.end(), name) != scopes.end();
}

std::vector<std::string> split_scopes(std::string_view comma_list) {
    std::vector<std::string> out;
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

} // namespace gateway::vault
