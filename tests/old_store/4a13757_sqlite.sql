-- A store as commit 4a13757 made it (schema 3), with something in every table, for SQLite.
-- Sealed under the key ring "a:" + base64 of 32 bytes 'k'.
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
ALTER TABLE posts ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE posts ADD COLUMN idempotency_key TEXT NOT NULL DEFAULT '';
ALTER TABLE idempotency_keys ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE INDEX posts_by_key ON posts (caller, idempotency_key, attempt) WHERE idempotency_key <> '';
CREATE INDEX idempotency_keys_unfinished ON idempotency_keys (created_at) WHERE finished = 0;
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
INSERT INTO connections (user_id, open_id, scopes, state, cause, version, sealed_tokens, access_expires_at, refresh_expires_at, connected_at, updated_at)
    VALUES ('ann', 'open-ann', 'user.info.basic,video.publish', 'connected', '', 3, x'0101610a78009591722cc84825ca9556ca25bb30d53dfc8ae71bef70f738b8c69f466192886465323e472af50898706d7b8267ea990e25ae2aed7b57e0d72ec34fa70308268cceda2b24fe596caec8b615b2f3248134da675e130306380093a5df0d42e289d50b20620d1fbd6514db0e98562e7858e1c8fb392f80be22ee63bbdae02cb2cf385220cbf886d48b611141', 1795007200000, 1810552000000, 1795000000000, 1795000000001);
INSERT INTO connections (user_id, open_id, scopes, state, cause, version, sealed_tokens, access_expires_at, refresh_expires_at, connected_at, updated_at)
    VALUES ('bob', 'open-bob', 'user.info.basic', 'revoked', 'removed_by_user', 2, x'', 1795000000000, 1795000000000, 1795000000000, 1795000000002);
INSERT INTO connections (user_id, open_id, scopes, state, cause, version, sealed_tokens, access_expires_at, refresh_expires_at, connected_at, updated_at)
    VALUES ('cy', 'open-cy', 'user.info.basic', 'refresh_in_doubt', '', 1, x'010161626e1e3b6935c66a2c8ab9c846395b5b08b4cea2610f0fda9722b6ebf8ab1007afa7b1701285dde3d92e76fc542313c500b8b032c5e2e33c6d78634d0f86e7781730a795725fad3339c94d399204bfc32eb30fde159944b8bc72ff7ae1ec5f2917273b20a0654a42783bcaaec87f15d6bddcc6bf992fde33ca691b0a835a934068549d7a116fb8ffdfb3', 1795007200000, 1810552000000, 1795000000000, 1795000000003);
INSERT INTO kept_tokens (user_id, version, reason, sealed_tokens, kept_at)
    VALUES ('ann', 2, 'previous', x'0101610f5f924500a4d703b9a480300af33b5b10861c87e6d32a37ee3e7d5d9e7bdb11a7e664cf9e1d4f6d0ee34311e4a313ede8fab2615e9271f3ad27f94c3f3228d78dd3a08268f4fbcd53c0c532988f5936d7cbcb3887f95d709508549d6f1d312dfeee04480633591baa2c9ae46a99d2b796f49462cbcc0c74aa561bc0afd29ae457bfd8b26f3df58e5bf7a72f35', 1795000000000);
INSERT INTO kept_tokens (user_id, version, reason, sealed_tokens, kept_at)
    VALUES ('cy', 2, 'candidate', x'0101616970041381069bfeb059842157d237b12bd7c974147a7d8ab15e5ebfe7b6d7b63680baf127fd006cf3b0685844abd70c28f610593c2f6f85f7cd1b0a38af66e62d38ca4f823ffed6b40a09d7f9e9e8edf56613f199f2c403710340e4730ec3398bac9d1ed5ea846b72e43b7f7664cb59f729a4434dacab4754c5807cd3e5aa551cc6154ace93cea39269', 1795000000001);
INSERT INTO leases (user_id, owner, fence, expires_at)
    VALUES ('ann', '01KASZZZZZZZZZZZZZZZZZZZZZ', 7, 1795000060000);
INSERT INTO refresh_intents (user_id, version, fence, started_at)
    VALUES ('cy', 1, 6, 1795000000005);
INSERT INTO oauth_states (state_hash, caller, user_id, sealed_verifier, return_url, scopes, expires_at)
    VALUES (x'4ba69735ca53765ed6a709edb56c6ea236b7193a3b29a6b390c346f0f4340e4e', 'shop', 'dan', x'0101610a99cdf5244ff16a73f4da623540e3c77a8e1a11f7d5b8fe005d2bc91368052d84531017', 'https://shop.example/done', 'user.info.basic', 1795000600000);
INSERT INTO posts (attempt, user_id, caller, publish_id, action, kind, state, status, fail_reason, settings, file_id, draft, published_as, post_ids, size_bytes, sha256, created_at, updated_at, owner, idempotency_key)
    VALUES ('01KAT000000000000000000000', 'ann', 'shop', 'p1', 'TIKTOK_UPLOAD_VIDEO', 'inbox_file', 'settled', 'SEND_TO_USER_INBOX', '', '{"caption":"héllo"}', 'f1', '', 'p2', '[]', 5000000000, 'abababababababababababababababababababababababababababababababab', 1795000000000, 1795000000001, '01KASZZZZZZZZZZZZZZZZZZZZZ', 'k1');
INSERT INTO posts (attempt, user_id, caller, publish_id, action, kind, state, status, fail_reason, settings, file_id, draft, published_as, post_ids, size_bytes, sha256, created_at, updated_at, owner, idempotency_key)
    VALUES ('01KAT000010000000000000000', 'ann', 'shop', 'p2', 'TIKTOK_PUBLISH_VIDEO', 'direct_file', 'settled', 'PUBLISH_COMPLETE', '', '{}', '', 'p1', '', '["7000000000000000001"]', 10, 'cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd', 1795000001000, 1795000001001, '01KASZZZZZZZZZZZZZZZZZZZZZ', '');
INSERT INTO posts (attempt, user_id, caller, publish_id, action, kind, state, status, fail_reason, settings, file_id, draft, published_as, post_ids, size_bytes, sha256, created_at, updated_at, owner, idempotency_key)
    VALUES ('01KAT000020000000000000000', 'cy', 'shop', '', 'TIKTOK_PUBLISH_VIDEO', 'direct_url', 'begun', '', '', '{}', '', '', '', '[]', 0, '', 1795000002000, 1795000002000, '01KASZZZZZZZZZZZZZZZZZZZZZ', 'k2');
INSERT INTO posts (attempt, user_id, caller, publish_id, action, kind, state, status, fail_reason, settings, file_id, draft, published_as, post_ids, size_bytes, sha256, created_at, updated_at, owner, idempotency_key)
    VALUES ('01KAT000030000000000000000', 'cy', 'shop', 'p4', 'TIKTOK_PUBLISH_PHOTO', 'direct_photo', 'outcome_unknown', 'FAILED', 'spam_risk', '{}', '', '', '', '[]', 3, '', 1795000003000, 1795000003001, '01KASZZZZZZZZZZZZZZZZZZZZZ', '');
INSERT INTO draft_claims (user_id, draft, attempt)
    VALUES ('ann', 'p1', '01KAT000010000000000000000');
INSERT INTO idempotency_keys (caller, key, fingerprint, finished, status, answer, request_id, created_at, expires_at, owner, claim)
    VALUES ('shop', 'k1', x'7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed', 1, 200, x'7b2264617461223a7b7d7d', 'r1', 1795000000000, 1795086400000, '01KASZZZZZZZZZZZZZZZZZZZZZ', 'c1');
INSERT INTO idempotency_keys (caller, key, fingerprint, finished, status, answer, request_id, created_at, expires_at, owner, claim)
    VALUES ('shop', 'k2', x'3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3', 0, 0, x'', 'r2', 1795000001999, 1795086400000, '01KASZZZZZZZZZZZZZZZZZZZZZ', 'c2');
INSERT INTO files (file_id, caller, path, mimetype, size_bytes, sha256, created_at, expires_at)
    VALUES ('f1', 'shop', 'f1', 'video/mp4', 1234, 'abababababababababababababababababababababababababababababababab', 1795000000000, 1795003600000);
INSERT INTO webhook_notes (event_hash, noted_at)
    VALUES (x'b8e1f80bd70ae0784c7855a451731b745fddb67749d23f637be9082b75e9575b', 1795000000000);
INSERT INTO meta (name, value)
    VALUES ('key_check:a', x'0101615df4e9601f82ce317dbbd8aefd5d813f0e854b433e9ef00191f90f058234ee83c21b9a3f5aba925bc745');
INSERT INTO meta (name, value)
    VALUES ('windows:today', x'0001');
INSERT INTO window_shares (window_key, kind, owner, capacity, frees_at, held_until)
    VALUES ('ann', 1, '01KASZZZZZZZZZZZZZZZZZZZZZ', 3, 1795000000000, 1795000060000);
UPDATE counters SET value = 7 WHERE name = 'fence';
UPDATE counters SET value = 5 WHERE name = 'version_floor';
INSERT INTO counters (name, value) VALUES ('key_uses:a', 4096);
PRAGMA application_id = 1953195895;
PRAGMA user_version = 3;
