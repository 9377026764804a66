#include "vault/token_set_of_row.hpp"

namespace gateway::vault {

std::shared_ptr<token_set> described(const store::connection_summary& record, scope_lists& lists) {
    auto out = std::make_shared<token_set>();
    out->user = record.user;
    out->account = record.account;
    out->granted = lists.of(record.scopes);
    out->version = record.version;
    out->state = record.state;
    out->cause = record.cause;
    out->connected_at = record.connected_at;
    out->received_at = record.updated_at;
    out->access_expires_at = record.access_expires_at;
    out->refresh_expires_at = record.refresh_expires_at;
    out->proof = record.proof;
    out->without_app = record.app.empty();
    return out;
}

void take_tokens(token_set& into, token_text&& text, std::uint64_t version) {
    into.sealed_version = version;
    into.access_token = std::move(text.access_token);
    into.refresh_token = std::move(text.refresh_token);
    into.received_at = text.received_at;
    into.access_expires_at = text.access_expires_at;
    into.refresh_expires_at = text.refresh_expires_at;
    into.forced_in_a_row = text.forced_in_a_row;
}

} // namespace gateway::vault
