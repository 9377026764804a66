// Lists of granted scopes. Most users of an app grant the same scopes, so they share one list, which stays in
// the processor's caches; a list for each user would cause five cache misses per call.
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace gateway::vault {

using scope_list = std::vector<std::string>;
using shared_scopes = std::shared_ptr<const scope_list>;

/// Any thread.
class scope_lists {
public:
    /// The shared list for this text.
    shared_scopes of(const std::string& comma_list);

    /// Beyond this number, texts get a list that is not shared; an app usually has a few.
    static constexpr std::size_t shared_max = 256;

private:
    std::mutex lock_;
    std::unordered_map<std::string, shared_scopes> known_;
};

} // namespace gateway::vault
