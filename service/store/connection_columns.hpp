// The columns of a connection, in the same order in both of its tables. Private to store/.
#pragma once
#include "store/connection_record.hpp"
#include "store/statement.hpp"

namespace gateway::store {

#define SUMMARY_COLUMNS                                                                        \
    "user_id, open_id, scopes, state, cause, version, access_expires_at, refresh_expires_at, " \
    "connected_at, updated_at, app, proof"

auto summary_columns(auto& of) {
    return columns(of.user, of.account, of.scopes, of.state, of.cause, of.version, of.access_expires_at,
                   of.refresh_expires_at, of.connected_at, of.updated_at, of.app, of.proof);
}
auto columns_of(row_of<connection_summary> auto& of) {
    return summary_columns(of);
}
auto columns_of(row_of<connection_record> auto& of) {
    return columns(summary_columns(of), blob(of.sealed_tokens));
}

} // namespace gateway::store
