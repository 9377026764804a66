// Which column holds which part of a record: said once, for the SQL of every engine. `Row` is an engine's row
// of a result (next_text(), next_number(), ...), `Statement` one whose parameters are given in order. The
// lists of names are macros, so that they join the literals of SQL around them. Used within store/ only.
#pragma once
#include "base/ids.hpp"
#include "store/names.hpp"
#include "store/records.hpp"

#include <cstdint>

namespace gateway::store {

#define CONNECTION_COLUMNS                                                                \
    "user_id, open_id, scopes, state, cause, version, sealed_tokens, access_expires_at, " \
    "refresh_expires_at, connected_at, updated_at"

template <class Row>
connection_record read_connection(Row& found) {
    connection_record out;
    out.user = user_id::trusted(found.next_text());
    out.account = open_id::trusted(found.next_text());
    out.scopes = found.next_text();
    out.state = connection_state_named(found.next_text());
    out.cause = found.next_text();
    out.version = found.next_count();
    out.sealed_tokens = found.next_text();
    out.access_expires_at = found.next_time();
    out.refresh_expires_at = found.next_time();
    out.connected_at = found.next_time();
    out.updated_at = found.next_time();
    return out;
}

template <class Statement>
Statement& bind_connection(Statement& into, const connection_record& record) {
    return into.text(record.user.text())
        .text(record.account.text())
        .text(record.scopes)
        .text(name_of(record.state))
        .text(record.cause)
        .number(record.version)
        .blob(record.sealed_tokens)
        .time(record.access_expires_at)
        .time(record.refresh_expires_at)
        .time(record.connected_at)
        .time(record.updated_at);
}

#define KEPT_TOKENS_COLUMNS "user_id, version, reason, sealed_tokens, kept_at"

template <class Row>
kept_tokens_record read_kept_tokens(Row& found) {
    kept_tokens_record out;
    out.user = user_id::trusted(found.next_text());
    out.version = found.next_count();
    out.reason = kept_reason_named(found.next_text());
    out.sealed_tokens = found.next_text();
    out.kept_at = found.next_time();
    return out;
}

template <class Statement>
Statement& bind_kept_tokens(Statement& into, const kept_tokens_record& record) {
    return into.text(record.user.text())
        .number(record.version)
        .text(name_of(record.reason))
        .blob(record.sealed_tokens)
        .time(record.kept_at);
}

#define INTENT_COLUMNS "user_id, version, fence, started_at"

template <class Row>
refresh_intent read_intent(Row& found) {
    refresh_intent out;
    out.user = user_id::trusted(found.next_text());
    out.version = found.next_count();
    out.fence = found.next_count();
    out.started_at = found.next_time();
    return out;
}

#define LOGIN_COLUMNS \
    "state_hash, caller, user_id, sealed_verifier, return_url, scopes, expires_at, replace_account"

template <class Row>
oauth_state_record read_login(Row& found) {
    oauth_state_record out;
    out.state_hash = found.next_text();
    out.caller = caller_name::trusted(found.next_text());
    out.user = user_id::trusted(found.next_text());
    out.sealed_verifier = found.next_text();
    out.return_url = found.next_text();
    out.scopes = found.next_text();
    out.expires_at = found.next_time();
    out.replace_account = found.next_number() != 0;
    return out;
}

template <class Statement>
Statement& bind_login(Statement& into, const oauth_state_record& record) {
    return into.blob(record.state_hash)
        .text(record.caller.text())
        .text(record.user.text())
        .blob(record.sealed_verifier)
        .text(record.return_url)
        .text(record.scopes)
        .time(record.expires_at)
        .number(std::int64_t{record.replace_account});
}

/// `attempt` comes last so that an UPDATE can use it; what TikTok owns of a row stands together.
#define POST_COLUMNS                                                                                    \
    "user_id, caller, publish_id, action, kind, state, status, fail_reason, settings, file_id, draft, " \
    "published_as, post_ids, size_bytes, sha256, idempotency_key, created_at, updated_at, attempt"

template <class Row>
post_record read_post(Row& found) {
    post_record out;
    out.user = user_id::trusted(found.next_text());
    out.caller = caller_name::trusted(found.next_text());
    out.id = publish_id::trusted(found.next_text());
    out.action = found.next_text();
    out.kind = found.next_text();
    out.state = post_state_named(found.next_text());
    out.status = found.next_text();
    out.fail_reason = found.next_text();
    out.settings = found.next_text();
    out.file = found.next_text();
    out.draft = publish_id::trusted(found.next_text());
    out.published_as = publish_id::trusted(found.next_text());
    out.post_ids = found.next_text();
    out.size_bytes = found.next_count();
    out.sha256 = found.next_text();
    out.idempotency_key = found.next_text();
    out.created_at = found.next_time();
    out.updated_at = found.next_time();
    out.attempt = found.next_text();
    return out;
}

template <class Statement>
Statement& bind_post(Statement& into, const post_record& record) {
    return into.text(record.user.text())
        .text(record.caller.text())
        .text(record.id.text())
        .text(record.action)
        .text(record.kind)
        .text(name_of(record.state))
        .text(record.status)
        .text(record.fail_reason)
        .text(record.settings)
        .text(record.file)
        .text(record.draft.text())
        .text(record.published_as.text())
        .text(record.post_ids)
        .number(record.size_bytes)
        .text(record.sha256)
        .text(record.idempotency_key)
        .time(record.created_at)
        .time(record.updated_at)
        .text(record.attempt);
}

#define KEY_COLUMNS \
    "caller, key, fingerprint, finished, status, answer, request_id, created_at, expires_at, claim"

template <class Row>
idempotency_record read_key(Row& found) {
    idempotency_record out;
    out.caller = caller_name::trusted(found.next_text());
    out.key = found.next_text();
    out.fingerprint = found.next_text();
    out.finished = found.next_number() != 0;
    out.status = static_cast<int>(found.next_number());
    out.answer = found.next_text();
    out.request_id = found.next_text();
    out.created_at = found.next_time();
    out.expires_at = found.next_time();
    out.claim = found.next_text();
    return out;
}

template <class Statement>
Statement& bind_key(Statement& into, const idempotency_record& record) {
    return into.text(record.caller.text())
        .text(record.key)
        .blob(record.fingerprint)
        .number(std::int64_t{record.finished})
        .number(std::int64_t{record.status})
        .blob(record.answer)
        .text(record.request_id)
        .time(record.created_at)
        .time(record.expires_at)
        .text(record.claim);
}

#define FILE_COLUMNS "file_id, caller, path, mimetype, size_bytes, sha256, created_at, expires_at"

template <class Row>
file_record read_file(Row& found) {
    file_record out;
    out.id = file_id::trusted(found.next_text());
    out.caller = caller_name::trusted(found.next_text());
    out.path = found.next_text();
    out.mimetype = found.next_text();
    out.size_bytes = found.next_count();
    out.sha256 = found.next_text();
    out.created_at = found.next_time();
    out.expires_at = found.next_time();
    return out;
}

template <class Statement>
Statement& bind_file(Statement& into, const file_record& record) {
    return into.text(record.id.text())
        .text(record.caller.text())
        .text(record.path)
        .text(record.mimetype)
        .number(record.size_bytes)
        .text(record.sha256)
        .time(record.created_at)
        .time(record.expires_at);
}

} // namespace gateway::store
