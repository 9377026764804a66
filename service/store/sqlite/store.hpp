// The store in one SQLite file: the embedded default, no server to run. All SQL runs on one thread of its
// own; what waits there at the same moment shares one transaction and one fsync, each job in a savepoint, so
// that one that fails takes no other with it.
#pragma once
#include "base/result.hpp"
#include "store/store.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace gateway::store {

/// Opens or makes the file; `waiting_max` jobs may be in line, more is refused at once. The failure's message
/// is for the operator: a second process, a file that is not ours, a schema that is newer.
result<std::unique_ptr<store>> open_sqlite(const std::string& path, std::size_t waiting_max);

} // namespace gateway::store
