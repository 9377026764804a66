// The schema as numbered steps, each done once and in one transaction. A step that has shipped is never
// changed; the next change is a new step. The number stands in SQLite's user_version.
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

/// The schema this program writes.
int schema_version();

} // namespace gateway::store
