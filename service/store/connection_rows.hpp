// Writes of connections and kept pairs that several roles share. Private to store/; each in a unit of the
// user.
#pragma once
#include "base/ids.hpp"
#include "runtime/task.hpp"
#include "store/connections.hpp"
#include "store/engine.hpp"

#include <cstdint>
#include <optional>

namespace gateway::store {

/// The values that a writer compares with. The row cannot change until the unit ends.
struct held_connection {
    std::uint64_t version = 0;
    connection_state state = connection_state::connected;
};
task<std::optional<held_connection>> hold_connection(transaction& at, const user_id& user);

/// Replaces the user's connection with the record, keeps its pair as previous, and notifies.
task<void> replace_connection(transaction& at, const connection_record& record);

} // namespace gateway::store
