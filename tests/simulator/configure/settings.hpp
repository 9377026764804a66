// The simulator's settings; most of them can be changed while it runs (control: POST /settings). Plain
// values. Defaults are those of docs/tiktok-wire.md §11: tolerant where TikTok is not known to refuse;
// switches make it strict.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace gateway::simulator {

using string_list = std::vector<std::string>;

/// An app registered at TikTok (docs/tiktok-wire.md §1.1, §5.4).
struct app_settings {
    std::string client_key;
    std::string client_secret;
    std::string kind = "web"; // web | desktop
    string_list redirect_uris;
    string_list scopes{"user.info.basic", "user.info.profile", "user.info.stats",
                       "video.list",      "video.upload",      "video.publish"};
    bool audited = true;
    bool sandbox = false; // never public posts, and only target_users may log in
    bool draft = false;   // not released: unauthorized_client
    string_list target_users;
    string_list verified_domains;  // with all sub-domains and paths
    string_list verified_prefixes; // https://host/path/
    std::string webhook_url;       // https or http; empty: no events
};

/// A creator's account at TikTok.
struct account_settings {
    std::string username;
    std::string display_name;
    std::string bio_description;
    std::string open_id;            // empty: made from the app and the user name
    std::string privacy = "public"; // public | private
    bool is_verified = false;
    std::int64_t follower_count = 0;
    std::int64_t following_count = 0;
    std::int64_t likes_count = 0;
    std::int64_t made_up_videos = 0; // that many public videos, one an hour, exist at the start
    bool comment_disabled = false;
    bool duet_disabled = false;
    bool stitch_disabled = false;
    std::int64_t max_video_post_duration_sec = 300;
    bool banned = false;          // spam_risk_user_banned_from_posting
    bool app_too_old = false;     // app_version_check_failed for photo drafts
    std::int64_t posts_used = 0;  // posts of the last 24 h made through other API clients
    std::int64_t drafts_used = 0; // pending inbox shares made through other API clients
    std::string fail_posts_with;  // a fail_reason: posts of this account end as FAILED
};

/// The open points of docs/tiktok-wire.md §11 that a client can see. The first value of each is the default.
struct switches {
    std::string display_limit_per = "app";         // W1: app | token
    std::string web_pkce = "optional";             // W2: optional | required
    std::string desktop_pkce = "hex";              // W2: hex | hex_on_page | any
    std::string verifier_length = "free";          // W2: free | enforced (43 to 128 characters)
    std::string state = "optional";                // docs/tiktok-wire.md §1.1: optional | required
    std::string basic_scope = "given";             // docs/tiktok-wire.md §1.1: given | as_asked | required
    std::string rotation = "strict";               // W5: none | grace | strict | strict_family | lag
    std::string old_access_token = "lives";        // W5: lives | dies
    std::string dead_token_revoke = "accept";      // docs/tiktok-wire.md §1.3: accept | refuse
    std::string oauth_error_status = "proper";     // W6: proper | 200
    std::string max_count_out_of_range = "refuse"; // W7: refuse | clamp
    std::string missing_field_scope = "not_authorized"; // W8: not_authorized | permission_missed | empty
    std::string refused_data = "empty";                 // W8: empty | absent: `data` of a refusal
    std::string profile_web_link = "unknown";           // W9: unknown | known
    std::string text_units = "utf16";                   // W10: utf16 | code_points
    std::string long_text = "refuse";                   // W10: refuse | cut
    std::string brand_toggles = "optional";             // W11: optional | required
    std::string branded_self_only = "accept";           // W12: accept | refuse
    std::string progress_header = "last_index";         // W15: last_index | count
    std::string post_ids = "numbers";                   // W16: numbers | strings | scalar
    std::string post_ids_come = "in_time";              // W16: in_time | late | never, in the status
    std::string no_post_ids = "empty";                  // W16: empty | absent: the list before there is an id
    std::string repeated_range = "416";                 // W17: 416 | accept
    std::string wrong_length = "400";                   // docs/tiktok-wire.md §5.2: 400 | 502, of a PUT
    std::string signature_blank = "of_pings";           // W19: of_pings | always | never
    std::string retry_after = "absent";                 // W20: absent | sent
    std::string invalid_params_spelling = "plural";     // W22: plural | singular
    std::string unaudited_privacy_options = "by_account"; // W23: by_account | self_only
    std::int64_t privacy_mismatch_status = 403;           // W25: 403 | 400
    std::string chunk_bounds = "lenient";                 // W26: lenient | decimal | binary
    std::string ceil_chunk_count = "refuse";              // W27: refuse | accept
    std::string plain_http_pull = "refuse";               // W28: refuse | fail_later
    std::string endless_pulls = "none";                   // W28: none | videos | all
    std::string drafts_count_as_active_user = "no";       // W29: no | yes
    std::string public_event_spelling = "publicly";       // W30: publicly | publicaly
    std::string picture_without_size = "accept";          // W31: accept | refuse
    std::string json_type = "free";                       // W32: free | enforced
    std::string short_pages = "no";        // no | yes: a page may be short while has_more is true
    std::string partial_chunk = "dropped"; // dropped | kept: a chunk cut short by a lost connection
};

struct limit_settings {
    std::int64_t display_per_minute = 600;
    std::int64_t creator_info_per_minute = 20;
    std::int64_t init_per_minute = 6;
    std::int64_t status_per_minute = 30;
    std::int64_t window_ms = 60'000;
    std::int64_t posts_per_day = 15;
    std::int64_t drafts_per_day = 5;
    std::int64_t unaudited_users_per_day = 5;
    std::int64_t audited_users_per_day = 0; // 0: no cap; at TikTok the estimate of the app's audit
};

/// The simulated delays. TikTok's real values where known; long ones are shortened.
struct timing_settings {
    std::int64_t code_lifetime_ms = 600'000;
    std::int64_t expires_in_s = 7'200;
    std::int64_t refresh_expires_in_s = 15'552'000;
    std::int64_t grace_ms = 30'000; // rotation: grace
    std::int64_t lag_ms = 2'000;    // rotation: lag
    std::int64_t upload_url_lifetime_ms = 3'600'000;
    std::int64_t processing_ms = 1'000;
    std::int64_t processing_per_mebibyte_ms = 0;
    std::int64_t moderation_ms = 1'000;
    std::int64_t post_ids_late_ms = 600'000; // post_ids_come: late
    std::int64_t pull_start_ms = 100;
    std::int64_t pull_timeout_ms = 3'600'000;
    std::int64_t pull_bytes_per_second = 0;  // 0: as fast as it comes
    std::int64_t draft_lifetime_ms = 0;      // W13, 0: for ever
    std::int64_t publish_id_lifetime_ms = 0; // W18, 0: for ever
    std::int64_t webhook_first_retry_ms = 1'000;
    std::int64_t webhook_give_up_ms = 259'200'000;
    std::int64_t webhook_signature_age_s = 0; // W19: the age of `t` when the event is sent
};

struct listen_settings {
    std::string address = "127.0.0.1";
    std::uint16_t api_port = 0;
    std::uint16_t upload_port = 0;
    std::uint16_t control_port = 0;
};

struct certificate_settings {
    string_list names;              // in addition to our own; a name or an IPv4 address
    bool only_these_names = false;  // to test that a client refuses a wrong name
    std::int64_t valid_days = 30;   // negative: expired that long ago
    bool unknown_authority = false; // ca.pem holds another authority than the one that signed
    std::string tls_versions =
        "any";                     // any (1.2 and 1.3) | 1.2 | 1.3 | 1.1 (to test that a client refuses it)
    bool write_server_key = false; // server.pem and server.key beside ca.pem, for a media server of a test
};

struct settings {
    std::string directory;     // where ca.pem goes; empty: a new folder under the system's temporary one
    std::string upload_origin; // scheme and authority of upload_url; empty: https://127.0.0.1:<upload port>
    listen_settings listen;
    certificate_settings certificate;
    std::vector<app_settings> apps;
    std::vector<account_settings> accounts;
    std::string default_account; // the account that is logged in in the browser; empty: the first
    std::string consent = "ask"; // ask | allow | refuse: what the authorize page does without a user
    switches choice;
    limit_settings limits;
    timing_settings timing;
    std::map<std::string, std::uint16_t> resolve; // host name -> port on 127.0.0.1, for pulls and webhooks
    std::string resolve_ca_file;                  // trusted there in addition to our own authority
    std::int64_t history_requests = 100'000;      // how many requests are remembered
};

/// The demo app and three creators; used without a settings file.
settings default_settings();

} // namespace gateway::simulator
