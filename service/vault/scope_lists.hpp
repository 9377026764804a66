// What users have granted. Most of an app's users granted the same, so they share one list: it stays in the
// processor's caches, where a list of each user's own would be five misses in every call.
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gateway::vault {

using scope_list = std::vector<std::string>;
using shared_scopes = std::shared_ptr<const scope_list>;

/// `a, b,c` as a list; empty parts are left out.
scope_list split_scopes(std::string_view comma_list);

/// Any thread.
class scope_lists {
public:
    /// The list of everybody whose scopes are this text.
    shared_scopes of(const std::string& comma_list);

    /// Texts beyond that many get lists of their own: an app has a handful.
    static constexpr std::size_t shared_max = 256;

private:
    std::mutex lock_;
    std::unordered_map<std::string, shared_scopes> known_;
};

} // namespace gateway::vault
