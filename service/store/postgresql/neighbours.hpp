// Other roles of the database beside the gateway's schema. Whoever may create functions or tables there is
// called by the gateway with its rights (docs/promises.md V16), so such a schema is not used.
#pragma once
#include "runtime/task.hpp"
#include "store/postgresql/connection.hpp"

#include <string>

namespace gateway::store {

/// Why the schema must not be used, as a sentence for the operator: a role that may create in it, or that
/// owns something there. Empty if there is none; also for a schema that does not exist yet. Superusers, and
/// roles that are members of the gateway's own, can do everything anyway and do not count. Errors of SQL stay
/// in `at`.
task<std::string> find_intruder(postgresql_connection& at, std::string schema);

} // namespace gateway::store
