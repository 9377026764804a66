// Brings a PostgreSQL database to the schema of this program. Replicas that start together come one by one:
// the caller's transaction holds the lock of unit::of_schema(). A newer schema is taken as it is when it says
// that this program can read it (K07), else refused.
#pragma once
#include "runtime/task.hpp"
#include "store/postgresql/connection.hpp"

#include <string>

namespace gateway::store {

/// Empty, or why this program must not work here; then nothing was touched. Errors of SQL stay in `at`.
task<std::string> migrate_postgresql(postgresql_connection& at);

} // namespace gateway::store
