#include "settings/keys.hpp"

#include "base/lists.hpp"
#include "settings/readers.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace gateway::settings {

namespace {

template <class Member>
std::string read_member(Member& into, const YAML::Node& value, bounds within) {
    if constexpr (std::is_same_v<Member, std::string>)
        return read_text(into, value);
    else if constexpr (std::is_same_v<Member, secret>)
        return read_secret(into, value);
    else if constexpr (std::is_same_v<Member, std::vector<std::string>>)
        return read_texts(into, value);
    else if constexpr (std::is_same_v<Member, std::map<std::string, std::string>>)
        return read_map(into, value);
    else
        return read_number(into, value, within);
}

template <class Member>
bool is_same(const Member& one, const Member& other) {
    if constexpr (std::is_same_v<Member, secret>)
        return one.equals(other.reveal());
    else
        return one == other;
}

/// One row: the key and its member: `where` gives a reference to it, and its type decides how it is read.
template <class Where>
key_row key(std::string name, Where where, bounds within = {}) {
    using member = std::remove_cvref_t<decltype(where(std::declval<all&>()))>;
    key_row row;
    row.key = std::move(name);
    row.is_secret = std::is_same_v<member, secret>;
    row.is_structured = requires(member one) {
        one.begin();
    }
    &&!std::is_same_v<member, std::string>;
    if constexpr (std::is_same_v<member, std::vector<caller>>)
        row.read_entries = [where](all& into, const YAML::Node& value) {
            return read_callers(where(into), value);
        };
    else
        row.read = [where, within](all& into, const YAML::Node& value) {
            return read_member(where(into), value, within);
        };
    row.same = [where](const all& one, const all& other) { return is_same(where(one), where(other)); };
    return row;
}

/// SIGHUP applies it, too (docs/contract.md §8).
key_row live(key_row row) {
    row.is_live = true;
    return row;
}

key_row required(std::string_view what, key_row row) {
    row.required_as = what;
    return row;
}

/// Not a secret, but read as exactly as one.
template <class Where>
key_row word(std::string name, Where where) {
    key_row row = key(std::move(name), where);
    row.read = [where](all& into, const YAML::Node& value) { return read_word(where(into), value); };
    return row;
}

template <class Where>
key_row choice(std::string name, std::string_view choices, Where where) {
    key_row row = key(std::move(name), where);
    row.read = [where, choices](all& into, const YAML::Node& value) -> std::string {
        std::string text;
        const auto known = split_list(choices);
        if (!read_text(text, value).empty() || std::find(known.begin(), known.end(), text) == known.end())
            return "must be one of " + std::string(choices);
        where(into) = text;
        return {};
    };
    return row;
}

constexpr double day_ms = 86'400'000;
constexpr double per_minute_max = 10'000'000;
constexpr bounds port_bounds{0, 65'535};
constexpr bounds rate_bounds{1, per_minute_max};
constexpr bounds daily_bounds{0, 1'000'000};

#define INTO(member)        \
    [](auto& to) -> auto& { \
        return to.member;   \
    }

std::vector<key_row> listener_rows() {
    return {
        key("listen.address", INTO(listen.address)),
        key("listen.port", INTO(listen.port), port_bounds), // 0 picks a free one
        live(key("listen.tls.certificate_file", INTO(listen.tls.certificate_file))),
        live(key("listen.tls.private_key_file", INTO(listen.tls.private_key_file))),
        key("listen.connections_max", INTO(listen.connections_max), {1, 1'000'000}),
        key("listen.header_deadline_ms", INTO(listen.header_deadline), {100, 600'000}),
        key("listen.idle_timeout_ms", INTO(listen.idle_timeout), {100, day_ms}),
        key("listen.body_bytes_per_second_min", INTO(listen.body_bytes_per_second_min), {0, 1e9}),
        key("admin.address", INTO(admin.address)),
        key("admin.port", INTO(admin.port), port_bounds), // 0 picks a free one
        key("public_url", INTO(public_url)),
        key("workers", INTO(workers), {0, 256}),
    };
}

std::vector<key_row> tiktok_rows() {
    return {
        key("tiktok.api_url", INTO(tiktok.api_url)),
        key("tiktok.authorize_url", INTO(tiktok.authorize_url)),
        key("tiktok.ca_file", INTO(tiktok.ca_file)),
        required("the TikTok app's client key", word("tiktok.client_key", INTO(tiktok.client_key))),
        live(required("the TikTok app's client secret",
                      key("tiktok.client_secret", INTO(tiktok.client_secret)))),
        key("tiktok.scopes", INTO(tiktok.scopes)),
        choice("tiktok.pkce", "hex, base64url, off", INTO(tiktok.pkce)),
        choice("tiktok.default_privacy_level",
               "PUBLIC_TO_EVERYONE, MUTUAL_FOLLOW_FRIENDS, FOLLOWER_OF_CREATOR, SELF_ONLY",
               INTO(tiktok.default_privacy_level)),
        key("tiktok.verified_url_prefixes", INTO(tiktok.verified_url_prefixes)),
        key("tiktok.upload_hosts", INTO(tiktok.upload_hosts)),
        key("tiktok.resolve", INTO(tiktok.resolve)),
        key("tiktok.connections_per_host", INTO(tiktok.connections_per_host), {1, 10'000}),
        key("tiktok.waiters_per_host", INTO(tiktok.waiters_per_host), {0, 1'000'000}),
    };
}

std::vector<key_row> keeping_rows() {
    return {
        key("store.url", INTO(store.url)),
        key("store.schema", INTO(store.schema)),
        key("store.connections", INTO(store.connections), {1, 1'000}),
        live(required("the file of the key ring, which `tiktok-gateway new-vault-key` makes",
                      key("vault.keys_file", INTO(vault.keys_file)))),
        key("vault.refresh_per_second", INTO(vault.refresh_per_second), {0.01, 10'000}),
        key("vault.refresh_ahead_ms", INTO(vault.refresh_ahead), {0, day_ms}),
        key("vault.settling_ms", INTO(vault.propagation_grace), {0, 60'000}),
        key("vault.cached_users", INTO(vault.cached_users), {64, 10'000'000}),
        key("vault.spool_directory", INTO(vault.spool_directory)),
        live(key("callers", INTO(callers))),
    };
}

/// `limits.tiktok.*`: one for each endpoint that has a window.
std::vector<key_row> endpoint_rows() {
    std::vector<key_row> rows;
    for (const auto& endpoint : gateway::tiktok::endpoints) {
        if (endpoint.calls_per_minute == 0) continue;
        const auto where = [at = static_cast<std::size_t>(endpoint.which)](auto& to) -> auto& {
            return to.limits.tiktok_per_minute[at];
        };
        const std::string name = "limits.tiktok." + std::string(endpoint.name) + "_per_minute";
        rows.push_back(live(key(name, where, rate_bounds)));
    }
    return rows;
}

std::vector<key_row> bound_rows() {
    return {
        live(key("limits.tiktok.pending_shares_per_day", INTO(limits.per_day.pending_shares), daily_bounds)),
        live(key("limits.tiktok.direct_posts_per_day", INTO(limits.per_day.direct_posts), daily_bounds)),
        live(key("limits.tiktok.active_users_per_day", INTO(limits.per_day.active_users), daily_bounds)),
        live(key("limits.unknown_keys_per_minute", INTO(limits.unknown_keys_per_minute), rate_bounds)),
        key("deadlines.read_ms", INTO(deadlines.read), {100, 600'000}),
        key("deadlines.post_ms", INTO(deadlines.post), {100, 3'600'000}),
        key("deadlines.batch_ms", INTO(deadlines.batch), {100, day_ms}),
        key("deadlines.stream_ms", INTO(deadlines.stream), {1'000, day_ms}),
        key("deadlines.upload_base_ms", INTO(deadlines.upload_base), {100, day_ms}),
        key("deadlines.upload_bytes_per_second_min", INTO(deadlines.upload_bytes_per_second_min), {1, 1e9}),
        // Longer than an Idempotency-Key, which may ask the ledger.
        key("posts.keep_days", INTO(posts.keep_days), {2, 36'500}),
        key("posts.looks_per_second", INTO(posts.looks_per_second), {0, 1'000}),
        key("uploads.keep_hours", INTO(uploads.keep_hours), {0, 24 * 365}),
        // TikTok's smallest chunks are 5 MB: with less memory no upload could run.
        key("uploads.memory_bytes", INTO(uploads.memory_bytes), {8.0 * 1024 * 1024, 1e12}),
        key("webhooks.allowed_hosts", INTO(webhooks.allowed_hosts)),
        key("webhooks.retry_hours", INTO(webhooks.retry_hours), {1, 24 * 30}),
        key("webhooks.keep_days", INTO(webhooks.keep_days), {1, 3'650}),
        key("webhooks.first_retry_ms", INTO(webhooks.first_retry), {10, 3'600'000}),
        key("webhooks.deadline_ms", INTO(webhooks.deadline), {100, 120'000}),
        key("webhooks.ca_file", INTO(webhooks.ca_file)),
        key("files.directory", INTO(files.directory)),
        key("files.quota_bytes", INTO(files.quota_bytes), {0, 1e15}),
        key("files.count_max", INTO(files.count_max), {0, 1e9}),
        key("files.keep_hours", INTO(files.keep_hours), {1, 24 * 365}),
        key("drain.delay_ms", INTO(drain.delay), {0, 600'000}),
        key("drain.deadline_ms", INTO(drain.deadline), {0, 3'600'000}),
        live(choice("log.level", "debug, info, warn, error", INTO(log.level))),
    };
}

#undef INTO

std::vector<key_row> all_rows() {
    std::vector<key_row> rows;
    for (auto* part : {&listener_rows, &tiktok_rows, &keeping_rows, &endpoint_rows, &bound_rows})
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

std::vector<std::string> changed_for_a_start(const all& running, const all& read) {
    std::vector<std::string> changed;
    for (const auto& row : keys())
        if (!row.is_live && !row.same(running, read)) changed.push_back(row.key);
    return changed;
}

} // namespace gateway::settings
