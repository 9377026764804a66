#include "store/open_store.hpp"

#include "store/postgresql/store.hpp"
#include "store/sqlite/store.hpp"

#include <string>

namespace gateway::store {

result<std::unique_ptr<store>> open_store(std::string_view url, store_limits limits) {
    constexpr std::string_view sqlite = "sqlite:";
    if (url.starts_with(sqlite) && url.size() > sqlite.size())
        return open_sqlite(std::string(url.substr(sqlite.size())), limits.waiting_max);
    if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
        return open_postgresql(std::string(url), limits);
    return failure{errc::vault_unavailable, "It must be sqlite:PATH or postgresql://…"};
}

} // namespace gateway::store
