#include "store/names.hpp"

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

std::string_view name_of(post_state state) {
    switch (state) {
        case post_state::begun:
            return "begun";
        case post_state::settled:
            return "settled";
        case post_state::outcome_unknown:
            return "outcome_unknown";
    }
    return "outcome_unknown";
}

std::string_view name_of(kept_reason reason) {
    return reason == kept_reason::previous ? "previous" : "candidate";
}

connection_state connection_state_named(std::string_view name) {
    for (const auto state : {connection_state::connected, connection_state::refresh_in_doubt,
                             connection_state::reconnect_required})
        if (name == name_of(state)) return state;
    return connection_state::revoked;
}

post_state post_state_named(std::string_view name) {
    for (const auto state : {post_state::begun, post_state::settled})
        if (name == name_of(state)) return state;
    return post_state::outcome_unknown;
}

kept_reason kept_reason_named(std::string_view name) {
    return name == name_of(kept_reason::previous) ? kept_reason::previous : kept_reason::candidate;
}

} // namespace gateway::store
