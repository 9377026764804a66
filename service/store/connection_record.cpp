#include "store/connection_record.hpp"

namespace gateway::store {

std::string_view name_of(connection_state state) {
    switch (state) {
        case connection_state::connected:
            return "connected";
        case connection_state::refresh_in_doubt:
            return "refresh_in_doubt";
        case connection_state::reconnect_required:
            return "reconnect_required";
        case connection_state::revoked:
            return "revoked";
    }
    return "revoked";
}

connection_state connection_state_named(std::string_view name) {
    for (const auto state : {connection_state::connected, connection_state::refresh_in_doubt,
                             connection_state::reconnect_required})
        if (name == name_of(state)) return state;
    return connection_state::revoked;
}

} // namespace gateway::store
