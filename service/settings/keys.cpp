#include "settings/keys.hpp"

#include "settings/callers.hpp"
#include "settings/readers.hpp"

namespace gateway::settings {

namespace {

/// Whether both hold the same value there.
template <class Where>
auto same_at(Where where) {
    return [where](const all& one, const all& other) { return where(one) == where(other); };
}

/// A list or a map.
key_row structured(key_row row) {
    row.is_structured = true;
    return row;
}

/// Taken by SIGHUP too (product §8).
key_row live(key_row row) {
    row.is_live = true;
    return row;
}

// One row each: the key, where it goes, what it takes. `where` gives a reference to the member.
template <class Where>
key_row text(std::string_view key, std::string_view expects, Where where) {
    return {key,
            expects,
            false,
            false,
            [where](all& into, const YAML::Node& value) { return read_text(where(into), value); },
            same_at(where)};
}

template <class Where>
key_row required(std::string_view key, std::string_view expects, Where where) {
    key_row row = text(key, expects, where);
    row.is_required = true;
    return row;
}

/// Not secret, but as exact as one.
template <class Where>
key_row required_word(std::string_view key, std::string_view expects, Where where) {
    key_row row = required(key, expects, where);
    row.read = [where](all& into, const YAML::Node& value) { return read_word(where(into), value); };
    return row;
}

template <class Where>
key_row hidden(std::string_view key, std::string_view expects, Where where) {
    return {key,
            expects,
            true,
            true,
            [where](all& into, const YAML::Node& value) { return read_secret(where(into), value); },
            [where](const all& one, const all& other) { return where(one).equals(where(other).reveal()); }};
}

template <class Where>
key_row hidden_with_default(std::string_view key, std::string_view expects, Where where) {
    key_row row = hidden(key, expects, where);
    row.is_required = false;
    return row;
}

template <class Where>
key_row choice(std::string_view key, std::string_view choices, Where where) {
    return {key,
            choices,
            false,
            false,
            [where, choices](all& into, const YAML::Node& value) -> std::string {
                std::string text;
                const std::string among = ", " + std::string(choices) + ",";
                if (read_text(text, value).empty() && among.find(", " + text + ",") != std::string::npos) {
                    where(into) = text;
                    return {};
                }
                return "must be one of " + std::string(choices);
            },
            same_at(where)};
}

template <class Where>
key_row texts(std::string_view key, std::string_view expects, Where where) {
    return structured({key, expects, false, false,
                       [where](all& into, const YAML::Node& value) { return read_texts(where(into), value); },
                       same_at(where)});
}

template <class Where>
key_row number(std::string_view key, std::string_view unit, bounds within, Where where) {
    return {key,
            unit,
            false,
            false,
            [where, within](all& into, const YAML::Node& value) {
                return read_number(where(into), value, within);
            },
            same_at(where)};
}

constexpr double day_ms = 86'400'000;
constexpr double per_minute_max = 10'000'000;
constexpr bounds port_bounds{0, 65'535};
constexpr bounds rate_bounds{1, per_minute_max};

#define INTO(member)        \
    [](auto& to) -> auto& { \
        return to.member;   \
    }

std::vector<key_row> listener_rows() {
    return {
        text("listen.address", "IP address", INTO(listen.address)),
        number("listen.port", "port; 0 picks a free one", port_bounds, INTO(listen.port)),
        live(text("listen.tls.certificate_file", "PEM file", INTO(listen.tls.certificate_file))),
        live(text("listen.tls.private_key_file", "PEM file", INTO(listen.tls.private_key_file))),
        number("listen.connections_max", "connections", {1, 1'000'000}, INTO(listen.connections_max)),
        number("listen.header_deadline_ms", "milliseconds", {100, 600'000}, INTO(listen.header_deadline)),
        number("listen.idle_timeout_ms", "milliseconds", {100, day_ms}, INTO(listen.idle_timeout)),
        number("listen.body_bytes_per_second_min", "bytes per second", {0, 1e9},
               INTO(listen.body_bytes_per_second_min)),
        text("admin.address", "IP address", INTO(admin.address)),
        number("admin.port", "port; 0 picks a free one", port_bounds, INTO(admin.port)),
        text("public_url", "URL", INTO(public_url)),
        number("workers", "threads; 0: one per core", {0, 256}, INTO(workers)),
    };
}

std::vector<key_row> tiktok_rows() {
    return {
        text("tiktok.api_url", "https origin", INTO(tiktok.api_url)),
        text("tiktok.authorize_url", "https URL", INTO(tiktok.authorize_url)),
        text("tiktok.ca_file", "PEM file", INTO(tiktok.ca_file)),
        required_word("tiktok.client_key", "the TikTok app's client key", INTO(tiktok.client_key)),
        hidden("tiktok.client_secret", "the TikTok app's client secret", INTO(tiktok.client_secret)),
        texts("tiktok.scopes", "list of scopes", INTO(tiktok.scopes)),
        choice("tiktok.pkce", "hex, base64url, off", INTO(tiktok.pkce)),
        choice("tiktok.default_privacy_level",
               "PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, FOLLOWER_OF_CREATOR, SELF_ONLY",
               INTO(tiktok.default_privacy_level)),
        texts("tiktok.verified_url_prefixes", "list of https prefixes", INTO(tiktok.verified_url_prefixes)),
        texts("tiktok.upload_hosts", "list of patterns of hosts", INTO(tiktok.upload_hosts)),
        structured({"tiktok.resolve", "name: address lines", false, false,
                    [](all& to, const YAML::Node& value) { return read_map(to.tiktok.resolve, value); },
                    same_at(INTO(tiktok.resolve))}),
        number("tiktok.connections_per_host", "connections", {1, 10'000}, INTO(tiktok.connections_per_host)),
        number("tiktok.waiters_per_host", "waiting calls", {0, 1'000'000}, INTO(tiktok.waiters_per_host)),
    };
}

std::vector<key_row> keeping_rows() {
    return {
        hidden_with_default("store.url", "sqlite:FILE or postgresql://USER@HOST/DATABASE", INTO(store.url)),
        number("store.connections", "connections", {1, 1'000}, INTO(store.connections)),
        live(required("vault.keys_file", "file of the key ring", INTO(vault.keys_file))),
        number("vault.refresh_per_second", "refreshes per second", {0.01, 10'000},
               INTO(vault.refresh_per_second)),
        number("vault.refresh_ahead_ms", "milliseconds", {0, day_ms}, INTO(vault.refresh_ahead)),
        number("vault.settling_ms", "milliseconds", {0, 60'000}, INTO(vault.settling)),
        number("vault.cached_users", "users", {64, 10'000'000}, INTO(vault.cached_users)),
        live(structured({"callers", "list of callers", false, false,
                         [](all& to, const YAML::Node& value) { return read_callers(to.callers, value); },
                         same_at(INTO(callers))})),
    };
}

std::vector<key_row> bound_rows() {
    return {
        live(number("limits.tiktok.user_info_per_minute", "calls", rate_bounds,
                    INTO(limits.user_info_per_minute))),
        live(number("limits.tiktok.video_list_per_minute", "calls", rate_bounds,
                    INTO(limits.video_list_per_minute))),
        live(number("limits.tiktok.video_query_per_minute", "calls", rate_bounds,
                    INTO(limits.video_query_per_minute))),
        live(number("limits.tiktok.creator_info_per_minute", "calls", rate_bounds,
                    INTO(limits.creator_info_per_minute))),
        live(number("limits.tiktok.video_init_per_minute", "calls", rate_bounds,
                    INTO(limits.video_init_per_minute))),
        live(number("limits.tiktok.inbox_init_per_minute", "calls", rate_bounds,
                    INTO(limits.inbox_init_per_minute))),
        live(number("limits.tiktok.content_init_per_minute", "calls", rate_bounds,
                    INTO(limits.content_init_per_minute))),
        live(number("limits.tiktok.status_fetch_per_minute", "calls", rate_bounds,
                    INTO(limits.status_fetch_per_minute))),
        live(number("limits.tiktok.cancel_per_minute", "calls", rate_bounds, INTO(limits.cancel_per_minute))),
        live(number("limits.unknown_keys_per_minute", "calls", rate_bounds,
                    INTO(limits.unknown_keys_per_minute))),
        number("deadlines.read_ms", "milliseconds", {100, 600'000}, INTO(deadlines.read)),
        number("deadlines.post_ms", "milliseconds", {100, 3'600'000}, INTO(deadlines.post)),
        number("deadlines.batch_ms", "milliseconds", {100, day_ms}, INTO(deadlines.batch)),
        number("deadlines.upload_base_ms", "milliseconds", {100, day_ms}, INTO(deadlines.upload_base)),
        number("deadlines.upload_bytes_per_second_min", "bytes per second", {1, 1e9},
               INTO(deadlines.upload_bytes_per_second_min)),
        number("uploads.keep_hours", "hours; 0: keep nothing", {0, 24 * 365}, INTO(uploads.keep_hours)),
        // The smallest chunks TikTok takes are 5 MB: below that no upload could ever run.
        number("uploads.memory_bytes", "bytes", {8.0 * 1024 * 1024, 1e12}, INTO(uploads.memory_bytes)),
        text("files.directory", "folder", INTO(files.directory)),
        number("files.quota_bytes", "bytes", {0, 1e15}, INTO(files.quota_bytes)),
        number("files.keep_hours", "hours", {1, 24 * 365}, INTO(files.keep_hours)),
        number("drain.delay_ms", "milliseconds", {0, 600'000}, INTO(drain.delay)),
        number("drain.deadline_ms", "milliseconds", {0, 3'600'000}, INTO(drain.deadline)),
        live(choice("log.level", "debug, info, warn, error", INTO(log.level))),
    };
}

#undef INTO

std::vector<key_row> all_rows() {
    std::vector<key_row> rows;
    for (auto* part : {&listener_rows, &tiktok_rows, &keeping_rows, &bound_rows})
        for (auto& row : (*part)())
            rows.push_back(std::move(row));
    return rows;
}

} // namespace

const std::vector<key_row>& keys() {
    static const std::vector<key_row> rows = all_rows();
    return rows;
}

const key_row* find_key(std::string_view key) {
    for (const auto& row : keys())
        if (row.key == key) return &row;
    return nullptr;
}

std::vector<std::string_view> changed_for_a_start(const all& running, const all& read) {
    std::vector<std::string_view> changed;
    for (const auto& row : keys())
        if (!row.is_live && !row.same(running, read)) changed.push_back(row.key);
    return changed;
}

} // namespace gateway::settings
