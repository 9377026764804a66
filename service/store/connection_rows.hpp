// Rows of connections and of kept pairs as more than one role writes them. Within store/ only; each in a unit
// of the user.
#pragma once
#include "base/ids.hpp"
#include "runtime/task.hpp"
#include "store/connections.hpp"
#include "store/engine.hpp"

#include <cstdint>
#include <optional>

namespace gateway::store {

/// What a writer compares with. The row stays as it is until the unit ends.
struct held_connection {
    std::uint64_t version = 0;
    connection_state state = connection_state::connected;
};
task<std::optional<held_connection>> hold_connection(transaction& at, const user_id& user);

/// Puts the record in the place of the user's connection, whose pair is kept as previous, and notifies.
task<void> replace_connection(transaction& at, const connection_record& record);

} // namespace gateway::store
