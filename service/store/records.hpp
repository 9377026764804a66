// What is durable, as plain values. The store knows no secret: tokens and verifiers come to it sealed.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::store {

enum class connection_state { connected, refresh_in_doubt, reconnect_required, revoked };
std::string_view name_of(connection_state state);

/// The link of one user to one TikTok account.
struct connection_record {
    user_id user;
    open_id account;
    std::string scopes; // comma list, as TikTok granted it
    connection_state state = connection_state::connected;
    std::string cause;         // why it is not `connected`; empty otherwise
    std::uint64_t version = 0; // of the token pair; grows by one with each pair, never reused
    std::string sealed_tokens; // the pair, sealed under the name of this user and version; empty once wiped
    wall_time access_expires_at;
    wall_time refresh_expires_at;
    wall_time connected_at;
    wall_time updated_at;
};

/// A sealed pair that is no longer the newest, kept for a week: for repair, never for a second refresh by
/// itself. `candidate` is a pair TikTok did give but whose holder had lost its lease when it came to store
/// it.
enum class kept_reason { previous, candidate };
struct kept_tokens_record {
    user_id user;
    std::uint64_t version = 0; // under which it was sealed
    kept_reason reason = kept_reason::previous;
    std::string sealed_tokens;
    wall_time kept_at;
};

/// A sealed pair, wherever it stands, and the blob that takes its place under a newer key.
struct sealed_pair_record {
    user_id user;
    std::uint64_t version = 0; // under which it was sealed
    std::string sealed_tokens;
};
struct resealed_pair {
    sealed_pair_record seen;
    std::string sealed_anew;
};

/// Durable before a refresh leaves the house; found at start when nobody saw its end.
struct refresh_intent {
    user_id user;
    std::uint64_t version = 0; // of the pair that is being replaced
    std::uint64_t fence = 0;
    wall_time started_at;
};

/// A login on its way. Found by the hash of its state, taken once.
struct oauth_state_record {
    std::string state_hash; // SHA-256, 32 bytes
    caller_name caller;
    user_id user;
    std::string sealed_verifier; // empty when PKCE is off
    std::string return_url;      // empty: our own page
    std::string scopes;          // asked for
    wall_time expires_at;
    bool replace_account = false; // another account may take the place of the one that is connected
};

enum class post_state { begun, settled, outcome_unknown };
std::string_view name_of(post_state state);

/// One publish attempt. `begun` is durable before anything leaves that can post.
struct post_record {
    std::string attempt; // a ULID: the row's own name, known before TikTok gives a publish_id
    user_id user;
    caller_name caller;
    publish_id id;      // empty until TikTok's answer
    std::string action; // slug
    std::string kind; // "inbox_file", "direct_file", "inbox_url", "direct_url", "inbox_photo", "direct_photo"
    post_state state = post_state::begun;
    std::string status;      // TikTok's last word: PROCESSING_UPLOAD, PUBLISH_COMPLETE, ...
    std::string fail_reason; // TikTok's
    std::string settings;    // JSON object of the call's post settings (caption, privacy_level, ...)
    std::string file;        // file_id of kept bytes, or empty
    publish_id draft;        // of a publish: the draft it came from
    publish_id published_as; // of a draft: the post made from it
    std::string post_ids;    // JSON list: publicly available post ids (posts/public_ids.hpp)
    std::uint64_t size_bytes = 0;
    std::string sha256;          // hex, of what was sent
    std::string idempotency_key; // of the call, in its caller's name space; empty: none came
    wall_time created_at;
    wall_time updated_at;
};

/// A row as it was read, for all who asked; null: there is none.
using shared_post = std::shared_ptr<const post_record>;
inline shared_post shared(std::optional<post_record> row) {
    return row ? std::make_shared<const post_record>(std::move(*row)) : nullptr;
}

/// TikTok's word on a post: the part of its row that TikTok owns. Made from the row as it was seen.
struct told_status {
    std::string attempt;
    user_id user; // whose post it is
    std::string seen_status;
    std::string seen_post_ids;
    std::string status;
    std::string fail_reason;
    std::string post_ids;
    std::string event_hash; // of the webhook that told it; empty: we asked
    wall_time told_at;
};

/// The first answer to an Idempotency-Key, or that it is still being made.
struct idempotency_record {
    caller_name caller;
    std::string key;
    std::string fingerprint; // SHA-256, 32 bytes
    bool finished = false;
    int status = 0;
    std::string answer;     // the envelope's bytes
    std::string request_id; // of the first call
    wall_time created_at;
    wall_time expires_at;
    std::string claim; // of this very call: a later one with the same key is never taken for it
    std::string owner; // who is to answer, where that is not this process itself: the heir of one that died
};

/// A key whose call ended with its process, and how far that call came: its attempt, if it began one.
struct abandoned_key {
    idempotency_record key;
    std::optional<post_record> post;
};

struct file_record {
    file_id id;
    caller_name caller;
    std::string path; // under files.directory
    std::string mimetype;
    std::uint64_t size_bytes = 0;
    std::string sha256; // hex
    wall_time created_at;
    wall_time expires_at;
};

/// The right to refresh one user's tokens: an owner for a while, and a number that only grows.
struct lease {
    user_id user;
    std::string owner;
    std::uint64_t fence = 0;
    wall_time expires_at;
};

/// A window of one key (a user) and kind (an endpoint).
struct window_name {
    std::string key;
    std::uint8_t kind = 0;
};

/// What a replica wants of a window: so many slots altogether.
struct window_wish {
    window_name which;
    std::uint32_t wanted = 0;
    std::uint32_t used = 0; // slots that it has in use, whatever it is granted
    std::uint32_t limit = 0;
    milliseconds length{60'000}; // of the window
    milliseconds frees_in{0};    // until its next used slot is free; zero: none is used
};
struct window_grant {
    std::uint32_t capacity = 0;
    std::uint32_t others = 0;    // what the other replicas hold
    milliseconds free_after{0};  // less than was wanted: until a slot of the others is free, as far as known
    std::int64_t granted_as = 0; // names this grant when some of it is given back
};

/// Ends of calls that are still to be written down, and those that never will be.
struct late_counts {
    std::uint64_t waiting = 0;
    std::uint64_t lost = 0;
};

/// One page of a list; `next` is empty at the end.
template <class Record>
struct page_of {
    std::vector<Record> rows;
    std::string next;
};

} // namespace gateway::store
