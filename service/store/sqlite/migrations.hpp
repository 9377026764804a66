// Brings a SQLite file to the schema of this program, each step (schema.hpp) in one transaction. The number
// stands in SQLite's user_version.
#pragma once
#include "base/result.hpp"

#include <cstdint>

namespace gateway::store {

class sqlite_database;

/// The schema found (0: an empty file). Refuses a store of another program and one with a newer schema (V14);
/// touches nothing.
result<std::int64_t> judge_schema(sqlite_database& at);

/// Brings an empty or older store up to date; gives the schema it has then.
result<std::int64_t> migrate(sqlite_database& at);

} // namespace gateway::store
