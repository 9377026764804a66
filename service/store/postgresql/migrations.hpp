// Migrates a PostgreSQL database to the schema of this program. Replicas that start at the same time run one
// after the other: the caller's transaction holds the lock of unit::of_schema(). A newer schema is used
// unchanged if it is marked as readable for this program (K07), else refused.
#pragma once
#include "runtime/task.hpp"
#include "store/postgresql/connection.hpp"

#include <string>

namespace gateway::store {

/// Makes the schema, too, if it does not exist. Empty, or why this program must not use the database; then
/// nothing was changed. Errors of SQL stay in `at`.
task<std::string> migrate_postgresql(postgresql_connection& at, std::string schema);

} // namespace gateway::store
