// All settings, one plain struct per part, with safe defaults. Read once at start; no code below settings/
// opens a settings file or reads the environment. Values only.
#pragma once
#include "base/clock.hpp"
#include "base/secret.hpp"
#include "settings/signing_secrets.hpp"
#include "tiktok/endpoint.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gateway::settings {

struct tls_files {
    std::string certificate_file;
    std::string private_key_file;
    bool on() const { return !certificate_file.empty(); }
    bool operator==(const tls_files&) const = default;
};

/// `listen.*`: the API listener.
struct listen {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8080;
    tls_files tls;
    std::uint32_t connections_max = 10'000;
    milliseconds header_deadline{10'000};
    milliseconds idle_timeout{75'000};
    std::uint32_t body_bytes_per_second_min = 8 * 1024; // over any 20 s, after 20 s of grace
};

/// `admin.*`
struct admin {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8081;
};

/// `tiktok.*`
struct tiktok {
    std::string api_url = "https://open.tiktokapis.com";
    std::string authorize_url = "https://www.tiktok.com/v2/auth/authorize/";
    std::string ca_file; // empty: the system's trust store
    std::string client_key;
    secret client_secret;
    std::vector<std::string> scopes{"user.info.basic", "user.info.profile", "user.info.stats",
                                    "video.list",      "video.upload",      "video.publish"};
    std::string pkce = "hex"; // hex, base64url, off
    std::string default_privacy_level = "SELF_ONLY";
    std::vector<std::string> verified_url_prefixes;
    /// Allowed upload hosts beside TikTok's public ones: patterns of host or host:port.
    std::vector<std::string> upload_hosts;
    /// name: address, for hosts that are not in DNS (simulator, tests); used instead of a lookup.
    std::map<std::string, std::string> resolve;
    std::uint32_t connections_per_host = 64;
    std::uint32_t waiters_per_host = 1024;
};

/// `callers[]`
struct caller {
    std::string name;
    std::string key_sha256; // 64 hex characters
    std::vector<std::string> users{"*"};
    std::vector<std::string> actions{"*"};
    std::uint32_t requests_per_minute = 600;
    std::vector<std::string> return_url_prefixes;
    bool confirm_logins = false; // a login's grant waits until the caller confirms whose browser came back
    std::string webhook_url;     // where it hears of its posts and users; empty: nowhere
    signing_secrets webhook_secrets;
    std::string webhook_secret_file; // that they came from, for a remark
    bool operator==(const caller&) const = default;
};

constexpr auto default_limits() {
    std::array<std::uint32_t, gateway::tiktok::endpoint_count> calls{};
    for (std::size_t at = 0; at < calls.size(); ++at)
        calls[at] = gateway::tiktok::endpoints[at].calls_per_minute;
    return calls;
}

/// `limits.tiktok.*_per_day`: TikTok's daily caps, which it does not tell in advance. 0: not known.
struct daily_caps {
    std::uint32_t pending_shares = 5; // drafts in one creator's inbox
    std::uint32_t direct_posts = 15;  // of one creator, by all apps; about
    std::uint32_t active_users = 0;   // creators of the app
};

/// `limits.tiktok.*`: calls a minute per user token, and a day; and the gateway's own `limits.*`.
struct limits {
    /// By endpoint, in the order of TikTok's table; 0 where it has no limit.
    std::array<std::uint32_t, gateway::tiktok::endpoint_count> tiktok_per_minute = default_limits();
    daily_caps per_day;
    std::uint32_t unknown_keys_per_minute = 60; // from one address
};

/// `deadlines.*`
struct deadlines {
    milliseconds read{10'000};
    milliseconds post{60'000};
    milliseconds batch{1'800'000};
    milliseconds stream{3'600'000};   // of events; the client comes again
    milliseconds upload_base{60'000}; // an upload: this, plus its size at the rate below
    std::uint32_t upload_bytes_per_second_min = 64 * 1024;
};

/// `posts.*`
struct posts {
    std::uint32_t keep_days = 365;       // the life of a row of the ledger
    std::uint32_t looks_per_second = 20; // at posts without an end, in the background; of each replica
};

/// `uploads.*`
struct uploads {
    std::uint32_t keep_hours = 24;
    std::uint64_t memory_bytes = 256ULL << 20; // for all chunks held at one time
};

/// `webhooks.*`: those that the gateway sends (docs/contract.md §12).
struct webhooks {
    std::vector<std::string> allowed_hosts; // receivers on private addresses: patterns of host names
    std::uint32_t retry_hours = 72;         // how long one is tried again
    std::uint32_t keep_days = 30;           // how long an event can be asked for again
    milliseconds first_retry{5'000};        // the first wait at least
    milliseconds deadline{15'000};          // of one try
    std::string ca_file;                    // empty: the system's trust store
};

/// `files.*`
struct files {
    std::string directory = "files";
    std::uint64_t quota_bytes = 16ULL << 30; // in blocks of 4 KiB; a quarter holds the largest file
    std::uint32_t count_max = 100'000;
    std::uint32_t keep_hours = 24;
};

/// `drain.*`
struct drain {
    milliseconds delay{5'000};
    milliseconds deadline{30'000};
};

/// `store.*`
struct store {
    secret url{"sqlite:gateway.db"};       // secret, because a PostgreSQL URL contains a password
    std::string schema = "tiktok_gateway"; // in PostgreSQL
    std::uint32_t connections = 8;         // to PostgreSQL
    bool in_file() const { return url.reveal().starts_with("sqlite:"); }
};

/// `vault.*`
struct vault {
    std::string keys_file;
    double refresh_per_second = 10; // of this replica
    /// Refresh this long before the access token ends (cut to half its lifetime).
    milliseconds refresh_ahead{300'000};
    /// TikTok does not document how soon all its servers accept a new pair: for this time after a refresh a
    /// 401 means "not yet".
    milliseconds propagation_grace{3'000};
    /// The number of users whose decrypted tokens are cached, about 1 KiB each; those of others are read
    /// again.
    std::uint32_t cached_users = 100'000;
    /// Where new pairs wait, sealed, while the store is away; empty: `spool` beside files.directory.
    std::string spool_directory;
};

struct log {
    std::string level = "info"; // debug, info, warn, error
};

struct all {
    settings::listen listen;
    settings::admin admin;
    std::string public_url = "http://127.0.0.1:8080";
    unsigned workers = 0; // 0: one per core
    settings::posts posts;
    settings::tiktok tiktok;
    settings::store store;
    settings::vault vault;
    std::vector<caller> callers;
    settings::limits limits;
    settings::deadlines deadlines;
    settings::uploads uploads;
    settings::webhooks webhooks;
    settings::files files;
    settings::drain drain;
    settings::log log;
    std::string spool_directory() const;
    /// For each key that was given: the line or the variable that gave it.
    std::map<std::string, std::string> sources;
};

} // namespace gateway::settings
