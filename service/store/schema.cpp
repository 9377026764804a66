#include "store/schema.hpp"

#include <boost/algorithm/string/replace.hpp>

#include <array>

namespace gateway::store {
namespace {

// Times are milliseconds since 1970, enumerations are their names, sealed values are the vault's blobs.
constexpr const char* step_1 = R"sql(
CREATE TABLE connections (
    user_id TEXT NOT NULL PRIMARY KEY,
    open_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('connected', 'refresh_in_doubt', 'reconnect_required', 'revoked')),
    cause TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    sealed_tokens BLOB NOT NULL,
    access_expires_at INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL,
    connected_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX connections_by_account ON connections (open_id, user_id);
CREATE INDEX connections_by_state ON connections (state);

CREATE TABLE kept_tokens (
    number INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('previous', 'candidate')),
    sealed_tokens BLOB NOT NULL,
    kept_at INTEGER NOT NULL
) STRICT;
CREATE INDEX kept_tokens_by_user ON kept_tokens (user_id, number);
CREATE INDEX kept_tokens_by_age ON kept_tokens (kept_at);

CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counters (name, value) VALUES ('fence', 0), ('version_floor', 0);

CREATE TABLE leases (
    user_id TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    fence INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE refresh_intents (
    user_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    started_at INTEGER NOT NULL
) STRICT;

CREATE TABLE oauth_states (
    state_hash BLOB NOT NULL PRIMARY KEY,
    caller TEXT NOT NULL,
    user_id TEXT NOT NULL,
    sealed_verifier BLOB NOT NULL,
    return_url TEXT NOT NULL,
    scopes TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX oauth_states_by_user ON oauth_states (user_id);
CREATE INDEX oauth_states_by_age ON oauth_states (expires_at);

CREATE TABLE posts (
    attempt TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    caller TEXT NOT NULL,
    publish_id TEXT NOT NULL,
    action TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('begun', 'settled', 'outcome_unknown')),
    status TEXT NOT NULL,
    fail_reason TEXT NOT NULL,
    settings TEXT NOT NULL,
    file_id TEXT NOT NULL,
    draft TEXT NOT NULL,
    published_as TEXT NOT NULL,
    post_ids TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX posts_by_user ON posts (user_id, attempt);
CREATE INDEX posts_by_publish_id ON posts (publish_id, attempt);
CREATE INDEX posts_begun ON posts (attempt) WHERE state = 'begun';

CREATE TABLE draft_claims (
    user_id TEXT NOT NULL,
    draft TEXT NOT NULL,
    attempt TEXT NOT NULL,
    PRIMARY KEY (user_id, draft)
) STRICT;

CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    finished INTEGER NOT NULL,
    status INTEGER NOT NULL,
    answer BLOB NOT NULL,
    request_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (expires_at);

CREATE TABLE files (
    file_id TEXT NOT NULL PRIMARY KEY,
    caller TEXT NOT NULL,
    path TEXT NOT NULL,
    mimetype TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX files_by_age ON files (expires_at);

CREATE TABLE webhook_notes (
    event_hash BLOB NOT NULL PRIMARY KEY,
    noted_at INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_notes_by_age ON webhook_notes (noted_at);

CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT;
)sql";

// For the recovery of crashed processes: the owner of a row, and its call.
constexpr const char* step_2 = R"sql(
ALTER TABLE posts ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE posts ADD COLUMN idempotency_key TEXT NOT NULL DEFAULT '';
ALTER TABLE idempotency_keys ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE INDEX posts_by_key ON posts (caller, idempotency_key, attempt) WHERE idempotency_key <> '';
CREATE INDEX idempotency_keys_unfinished ON idempotency_keys (created_at) WHERE finished = 0;
)sql";

// The shares of windows (limits/share.hpp), and the id of a key's claim.
constexpr const char* step_3 = R"sql(
CREATE TABLE window_shares (
    window_key TEXT NOT NULL,
    kind INTEGER NOT NULL,
    owner TEXT NOT NULL,
    capacity INTEGER NOT NULL,
    frees_at INTEGER NOT NULL,
    held_until INTEGER NOT NULL,
    PRIMARY KEY (window_key, kind, owner)
) STRICT;
CREATE INDEX window_shares_by_age ON window_shares (held_until);
ALTER TABLE idempotency_keys ADD COLUMN claim TEXT NOT NULL DEFAULT '';
)sql";

// Whether a login may change the connected account.
constexpr const char* step_4 = R"sql(
ALTER TABLE oauth_states ADD COLUMN replace_account INTEGER NOT NULL DEFAULT 0;
)sql";

// Running processes; PostgreSQL has this table already.
constexpr const char* step_5 = R"sql(
CREATE TABLE IF NOT EXISTS store_instances (
    owner TEXT NOT NULL PRIMARY KEY,
    alive_until INTEGER NOT NULL,
    is_replica INTEGER NOT NULL DEFAULT 0
) STRICT;
)sql";

// Whose a grant is: the TikTok app in each row, grants that wait, proofs of imports, revocations to be made;
// and what each caller keeps in files. `blocks` are of 4,096 bytes.
constexpr const char* step_6 = R"sql(
ALTER TABLE connections ADD COLUMN app TEXT NOT NULL DEFAULT '';
ALTER TABLE connections ADD COLUMN proof TEXT NOT NULL DEFAULT 'none';
ALTER TABLE kept_tokens ADD COLUMN app TEXT NOT NULL DEFAULT '';
CREATE INDEX connections_by_app ON connections (app, user_id);
DROP INDEX connections_by_state;
CREATE INDEX connections_by_state ON connections (state, user_id);

-- Unfinished work by its process, so that the work of crashed ones is found without reading that of running
-- ones; leases by their end; shares by their process.
DROP INDEX posts_begun;
CREATE INDEX posts_begun ON posts (owner, attempt) WHERE state = 'begun';
DROP INDEX idempotency_keys_unfinished;
CREATE INDEX idempotency_keys_unfinished ON idempotency_keys (owner, created_at) WHERE finished = 0;
CREATE INDEX leases_by_age ON leases (expires_at);
CREATE INDEX window_shares_by_owner ON window_shares (owner);

CREATE TABLE other_app_connections (
    user_id TEXT NOT NULL,
    app TEXT NOT NULL,
    open_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    version INTEGER NOT NULL,
    proof TEXT NOT NULL,
    sealed_tokens BLOB NOT NULL,
    access_expires_at INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL,
    connected_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, app)
) STRICT;
CREATE INDEX other_app_connections_by_app ON other_app_connections (app, user_id);
CREATE INDEX other_app_connections_by_account ON other_app_connections (open_id, user_id);

ALTER TABLE oauth_states ADD COLUMN app TEXT NOT NULL DEFAULT '';
ALTER TABLE oauth_states ADD COLUMN confirm INTEGER NOT NULL DEFAULT 0;
ALTER TABLE oauth_states ADD COLUMN progress TEXT NOT NULL DEFAULT 'begun';

CREATE TABLE pending_grants (
    confirmation_hash BLOB NOT NULL PRIMARY KEY,
    caller TEXT NOT NULL,
    user_id TEXT NOT NULL,
    app TEXT NOT NULL,
    open_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    replace_account INTEGER NOT NULL,
    sealed_tokens BLOB NOT NULL,
    access_expires_at INTEGER NOT NULL,
    refresh_expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    granted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    reserved_until INTEGER NOT NULL,
    state_hash BLOB NOT NULL
) STRICT;
CREATE INDEX pending_grants_by_user ON pending_grants (user_id);
CREATE INDEX pending_grants_by_account ON pending_grants (open_id);
CREATE INDEX pending_grants_by_age ON pending_grants (expires_at);
CREATE INDEX pending_grants_by_end ON pending_grants (refresh_expires_at);

CREATE TABLE import_proofs (
    refresh_hash BLOB NOT NULL PRIMARY KEY,
    app TEXT NOT NULL,
    open_id TEXT NOT NULL,
    sealed_tokens BLOB NOT NULL,
    granted_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    user_id TEXT NOT NULL
) STRICT;
CREATE INDEX import_proofs_by_age ON import_proofs (expires_at);
CREATE INDEX import_proofs_by_user ON import_proofs (user_id, expires_at, refresh_hash);
CREATE INDEX import_proofs_by_account ON import_proofs (open_id);

CREATE TABLE revocations (
    number INTEGER PRIMARY KEY,
    user_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    app TEXT NOT NULL,
    open_id TEXT NOT NULL,
    sealed_tokens BLOB NOT NULL,
    tries INTEGER NOT NULL,
    refused INTEGER NOT NULL,
    answer_lost INTEGER NOT NULL,
    proof TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL
) STRICT;
CREATE INDEX revocations_by_account ON revocations (open_id);
CREATE INDEX revocations_by_time ON revocations (app, next_at);
CREATE INDEX revocations_by_end ON revocations (expires_at);

CREATE TABLE caller_usage (
    caller TEXT NOT NULL PRIMARY KEY,
    files INTEGER NOT NULL,
    blocks INTEGER NOT NULL
) STRICT;
INSERT INTO caller_usage (caller, files, blocks)
    SELECT caller, count(*), CAST(sum((size_bytes + 4095) / 4096) AS BIGINT) FROM files GROUP BY caller;
)sql";

// window_shares: when the replica of a share was heard, when the slots that it used then become free
// ("MILLISECONDS:COUNT,…" after that), and the number of its request. posts: when the end of a post was
// known; zero: never, or by an earlier version. Attempts that never became a post are swept, by the index.
constexpr const char* step_7 = R"sql(
ALTER TABLE window_shares ADD COLUMN told_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE window_shares ADD COLUMN frees TEXT NOT NULL DEFAULT '';
ALTER TABLE window_shares ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN ended_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX posts_without_effect ON posts (updated_at) WHERE state = 'settled' AND publish_id = '';
)sql";

// leases: since when others see no life of the holder; zero: nobody has looked, or it has been seen since.
// store_instances: until when others cannot know all that this replica has used of windows, because it was
// cut off for so long that it counted for itself.
constexpr const char* step_8 = R"sql(
ALTER TABLE leases ADD COLUMN gone_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE store_instances ADD COLUMN back_until INTEGER NOT NULL DEFAULT 0;
)sql";

// posts: when TikTok is asked again for a status without a call, zero: never. All that had no end when this
// step was made are due at once, and followed on as new ones are: those older than a day are unconfirmed when
// TikTok tells no end of them.
constexpr const char* step_9 = R"sql(
ALTER TABLE posts ADD COLUMN next_look_at INTEGER NOT NULL DEFAULT 0;
UPDATE posts SET next_look_at = 1
    WHERE publish_id <> '' AND state <> 'begun' AND status NOT IN ('PUBLISH_COMPLETE', 'FAILED');
CREATE INDEX posts_to_look_at ON posts (next_look_at) WHERE next_look_at > 0;
CREATE INDEX posts_open ON posts (created_at) WHERE ended_at = 0 AND publish_id <> '' AND state <> 'begun'
    AND status NOT IN ('SEND_TO_USER_INBOX', 'PUBLISH_COMPLETE', 'FAILED');
)sql";

// posts: the TikTok account (open_id) that its user was connected to, empty: not known; for what TikTok
// counts by account and day. Lists of one state find their posts by the state that callers are told
// (ledger.cpp).
constexpr const char* step_10 = R"sql(
ALTER TABLE posts ADD COLUMN account TEXT NOT NULL DEFAULT '';
CREATE INDEX posts_by_account ON posts (account, attempt) WHERE account <> '' AND status <> 'FAILED';
CREATE INDEX posts_direct ON posts (attempt, account) WHERE account <> '' AND status <> 'FAILED'
    AND kind IN ('direct_file', 'direct_url', 'direct_photo');
CREATE INDEX posts_by_told_state ON posts (user_id, (
    CASE WHEN status = '' OR (state = 'outcome_unknown' AND (publish_id = '' OR ended_at > 0))
    THEN 'unconfirmed'
    WHEN status = 'SEND_TO_USER_INBOX' THEN 'in_inbox' WHEN status = 'PUBLISH_COMPLETE' THEN 'published'
    WHEN status = 'FAILED' THEN 'failed' ELSE 'processing' END), attempt);
)sql";

// Webhooks to callers (store/outbox.hpp). webhook_events: `caller` is empty for events of connections, and
// `expires_at` is far away until the event is distributed. webhook_ends: receivers that have answered 410.
constexpr const char* step_11 = R"sql(
CREATE TABLE webhook_events (
    number INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    caller TEXT NOT NULL,
    user_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    distributed INTEGER NOT NULL DEFAULT 0,
    expires_at INTEGER NOT NULL DEFAULT 9000000000000000
) STRICT;
CREATE UNIQUE INDEX webhook_events_by_id ON webhook_events (event_id);
CREATE INDEX webhook_events_new ON webhook_events (distributed, number);
CREATE INDEX webhook_events_by_caller ON webhook_events (caller, created_at, number);
CREATE INDEX webhook_events_by_age ON webhook_events (expires_at);

CREATE TABLE webhook_deliveries (
    number INTEGER PRIMARY KEY,
    caller TEXT NOT NULL,
    event_id TEXT NOT NULL,
    subject TEXT NOT NULL,
    type TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX webhook_deliveries_by_event ON webhook_deliveries (caller, event_id);
CREATE INDEX webhook_deliveries_in_order ON webhook_deliveries (caller, subject, number);
CREATE INDEX webhook_deliveries_by_caller ON webhook_deliveries (caller, next_at);
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (next_at);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);
CREATE INDEX webhook_deliveries_by_end ON webhook_deliveries (expires_at);

CREATE TABLE webhook_ends (
    caller TEXT NOT NULL PRIMARY KEY,
    url_hash BLOB NOT NULL,
    ended_at INTEGER NOT NULL
) STRICT;
)sql";

// A caller may have had several URLs that answered 410, and replicas with different settings have different
// ones of them (store/outbox_steps.hpp).
constexpr const char* step_12 = R"sql(
DROP TABLE webhook_ends;
CREATE TABLE webhook_ends (
    caller TEXT NOT NULL,
    url_hash BLOB NOT NULL,
    ended_at INTEGER NOT NULL,
    others_until INTEGER NOT NULL,
    PRIMARY KEY (caller, url_hash)
) STRICT;
CREATE INDEX webhook_ends_by_time ON webhook_ends (caller, ended_at);
)sql";

constexpr std::array steps{step_1, step_2, step_3, step_4,  step_5,  step_6,
                           step_7, step_8, step_9, step_10, step_11, step_12};

} // namespace

std::span<const char* const> schema_steps() {
    return steps;
}

std::string for_postgresql(std::string_view step) {
    std::string out(step);
    boost::replace_all(out, "INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY");
    boost::replace_all(out, " INTEGER ", " BIGINT ");
    boost::replace_all(out, " BLOB ", " BYTEA ");
    boost::replace_all(out, " TEXT ", " TEXT COLLATE \"C\" "); // sorted by bytes, as everywhere else
    boost::replace_all(out, ") STRICT;", ");");
    return out;
}

} // namespace gateway::store
