// The store in one SQLite file: the embedded default, no server to run. All SQL runs on one thread of its
// own; what waits there at the same moment shares one transaction and one fsync, each job in a savepoint, so
// that one that fails takes no other with it.
#pragma once
#include "base/result.hpp"
#include "store/store.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace gateway::store {

struct store_limits {
    std::size_t waiting_max = 4096; // jobs in line; more is refused at once
};

/// Opens what `store.url` names: `sqlite:PATH`. The failure's message is for the operator: a second process,
/// a file that is not ours, a schema that is newer.
result<std::unique_ptr<store>> open_store(std::string_view url, store_limits limits = {});

} // namespace gateway::store
