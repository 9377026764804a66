// Migrates a SQLite file to the schema of this program, each step (schema.hpp) in one transaction. The number
// is stored in SQLite's user_version.
#pragma once
#include "base/result.hpp"

#include <cstdint>

namespace gateway::store {

class sqlite_database;

/// The schema of the file (0: empty). Refuses a file of another program and a newer schema (V14); changes
/// nothing.
result<std::int64_t> judge_schema(sqlite_database& at);

/// Migrates an empty or older file; gives its new schema.
result<std::int64_t> migrate(sqlite_database& at);

} // namespace gateway::store
