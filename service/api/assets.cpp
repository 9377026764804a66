#include "api/assets.hpp"

#include <algorithm>

namespace gateway::api {

const embedded_file* find_asset(std::string_view name) {
    const auto all = embedded_files();
    const auto found =
        std::find_if(all.begin(), all.end(), [name](const embedded_file& each) { return each.name == name; });
    return found == all.end() ? nullptr : &*found;
}

} // namespace gateway::api
