#include "configure/load.hpp"

#include "base/named_files.hpp"

#include <algorithm>

namespace gateway::simulator {

namespace {

void read_app(node_reader from, app_settings& into) {
    from.text("client_key", into.client_key);
    from.text("client_secret", into.client_secret);
    from.one_of("kind", into.kind, {"web", "desktop"});
    from.texts("redirect_uris", into.redirect_uris);
    from.texts("scopes", into.scopes);
    from.flag("audited", into.audited);
    from.flag("sandbox", into.sandbox);
    from.flag("draft", into.draft);
    from.texts("target_users", into.target_users);
    from.texts("verified_domains", into.verified_domains);
    from.texts("verified_prefixes", into.verified_prefixes);
    from.text("webhook_url", into.webhook_url);
    from.finish();
    if (into.client_key.empty()) throw settings_error("apps: an app needs a client_key");
}

void read_switches(node_reader from, switches& s) {
    from.one_of("display_limit_per", s.display_limit_per, {"app", "token"});
    from.one_of("web_pkce", s.web_pkce, {"optional", "required"});
    from.one_of("desktop_pkce", s.desktop_pkce, {"hex", "hex_on_page", "any"});
    from.one_of("verifier_length", s.verifier_length, {"free", "enforced"});
    from.one_of("state", s.state, {"optional", "required"});
    from.one_of("basic_scope", s.basic_scope, {"given", "as_asked", "required"});
    from.one_of("rotation", s.rotation, {"none", "grace", "strict", "strict_family", "lag"});
    from.one_of("old_access_token", s.old_access_token, {"lives", "dies"});
    from.one_of("oauth_error_status", s.oauth_error_status, {"proper", "200"});
    from.one_of("max_count_out_of_range", s.max_count_out_of_range, {"refuse", "clamp"});
    from.one_of("missing_field_scope", s.missing_field_scope,
                {"not_authorized", "permission_missed", "empty"});
    from.one_of("refused_data", s.refused_data, {"empty", "absent"});
    from.one_of("profile_web_link", s.profile_web_link, {"unknown", "known"});
    from.one_of("text_units", s.text_units, {"utf16", "code_points"});
    from.one_of("long_text", s.long_text, {"refuse", "cut"});
    from.one_of("brand_toggles", s.brand_toggles, {"optional", "required"});
    from.one_of("branded_self_only", s.branded_self_only, {"accept", "refuse"});
    from.one_of("progress_header", s.progress_header, {"last_index", "count"});
    from.one_of("post_ids", s.post_ids, {"numbers", "strings", "scalar"});
    from.one_of("post_ids_come", s.post_ids_come, {"in_time", "late", "never"});
    from.one_of("no_post_ids", s.no_post_ids, {"empty", "absent"});
    from.one_of("repeated_range", s.repeated_range, {"416", "accept"});
    from.one_of("wrong_length", s.wrong_length, {"400", "502"});
    from.one_of("signature_blank", s.signature_blank, {"of_pings", "always", "never"});
    from.one_of("retry_after", s.retry_after, {"absent", "sent"});
    from.one_of("invalid_params_spelling", s.invalid_params_spelling, {"plural", "singular"});
    from.one_of("unaudited_privacy_options", s.unaudited_privacy_options, {"by_account", "self_only"});
    from.number("privacy_mismatch_status", s.privacy_mismatch_status, 400, 403);
    from.one_of("chunk_bounds", s.chunk_bounds, {"lenient", "decimal", "binary"});
    from.one_of("dead_token_revoke", s.dead_token_revoke, {"accept", "refuse"});
    from.one_of("ceil_chunk_count", s.ceil_chunk_count, {"refuse", "accept"});
    from.one_of("plain_http_pull", s.plain_http_pull, {"refuse", "fail_later"});
    from.one_of("endless_pulls", s.endless_pulls, {"none", "videos", "all"});
    from.one_of("drafts_count_as_active_user", s.drafts_count_as_active_user, {"no", "yes"});
    from.one_of("public_event_spelling", s.public_event_spelling, {"publicly", "publicaly"});
    from.one_of("picture_without_size", s.picture_without_size, {"accept", "refuse"});
    from.one_of("json_type", s.json_type, {"free", "enforced"});
    from.one_of("short_pages", s.short_pages, {"no", "yes"});
    from.one_of("partial_chunk", s.partial_chunk, {"dropped", "kept"});
    from.finish();
}

void read_limits(node_reader from, limit_settings& l) {
    from.number("display_per_minute", l.display_per_minute);
    from.number("creator_info_per_minute", l.creator_info_per_minute);
    from.number("init_per_minute", l.init_per_minute);
    from.number("status_per_minute", l.status_per_minute);
    from.number("window_ms", l.window_ms, 1);
    from.number("posts_per_day", l.posts_per_day);
    from.number("drafts_per_day", l.drafts_per_day);
    from.number("unaudited_users_per_day", l.unaudited_users_per_day);
    from.number("audited_users_per_day", l.audited_users_per_day);
    from.finish();
}

void read_timing(node_reader from, timing_settings& t) {
    from.number("code_lifetime_ms", t.code_lifetime_ms);
    from.number("expires_in_s", t.expires_in_s);
    from.number("refresh_expires_in_s", t.refresh_expires_in_s);
    from.number("grace_ms", t.grace_ms);
    from.number("lag_ms", t.lag_ms);
    from.number("upload_url_lifetime_ms", t.upload_url_lifetime_ms);
    from.number("processing_ms", t.processing_ms);
    from.number("processing_per_mebibyte_ms", t.processing_per_mebibyte_ms);
    from.number("moderation_ms", t.moderation_ms);
    from.number("post_ids_late_ms", t.post_ids_late_ms);
    from.number("pull_start_ms", t.pull_start_ms);
    from.number("pull_timeout_ms", t.pull_timeout_ms);
    from.number("pull_bytes_per_second", t.pull_bytes_per_second);
    from.number("draft_lifetime_ms", t.draft_lifetime_ms);
    from.number("publish_id_lifetime_ms", t.publish_id_lifetime_ms);
    from.number("webhook_first_retry_ms", t.webhook_first_retry_ms, 1);
    from.number("webhook_give_up_ms", t.webhook_give_up_ms);
    from.number("webhook_signature_age_s", t.webhook_signature_age_s);
    from.finish();
}

void read_listen(node_reader from, listen_settings& l) {
    from.text("address", l.address);
    from.port("api_port", l.api_port);
    from.port("upload_port", l.upload_port);
    from.port("control_port", l.control_port);
    from.finish();
}

void read_certificate(node_reader from, certificate_settings& c) {
    from.texts("names", c.names);
    from.flag("only_these_names", c.only_these_names);
    from.number("valid_days", c.valid_days, -3'650, 3'650);
    from.flag("unknown_authority", c.unknown_authority);
    from.one_of("tls_versions", c.tls_versions, {"any", "1.1", "1.2", "1.3"});
    from.flag("write_server_key", c.write_server_key);
    from.finish();
}

/// Reads the settings that may change at any time.
void read_changeable(node_reader& from, settings& into) {
    from.text("default_account", into.default_account);
    from.one_of("consent", into.consent, {"ask", "allow", "refuse"});
    for (node_reader& one : from.child("switches"))
        read_switches(one, into.choice);
    for (node_reader& one : from.child("limits"))
        read_limits(one, into.limits);
    for (node_reader& one : from.child("timing"))
        read_timing(one, into.timing);
    from.ports("resolve", into.resolve);
    from.text("resolve_ca_file", into.resolve_ca_file);
}

app_settings& app_named(std::vector<app_settings>& apps, const std::string& client_key) {
    const auto found = std::find_if(apps.begin(), apps.end(),
                                    [&](const app_settings& one) { return one.client_key == client_key; });
    return found != apps.end() ? *found : apps.emplace_back();
}

} // namespace

void read_account(node_reader from, account_settings& a) {
    from.text("username", a.username);
    from.text("display_name", a.display_name);
    from.text("bio_description", a.bio_description);
    from.text("open_id", a.open_id);
    from.one_of("privacy", a.privacy, {"public", "private"});
    from.flag("is_verified", a.is_verified);
    from.number("follower_count", a.follower_count);
    from.number("following_count", a.following_count);
    from.number("likes_count", a.likes_count);
    from.number("made_up_videos", a.made_up_videos, 0, 100'000);
    from.flag("comment_disabled", a.comment_disabled);
    from.flag("duet_disabled", a.duet_disabled);
    from.flag("stitch_disabled", a.stitch_disabled);
    from.number("max_video_post_duration_sec", a.max_video_post_duration_sec);
    from.flag("banned", a.banned);
    from.flag("app_too_old", a.app_too_old);
    from.number("posts_used", a.posts_used);
    from.number("drafts_used", a.drafts_used);
    from.text("fail_posts_with", a.fail_posts_with);
    from.finish();
    if (a.username.empty()) throw settings_error("accounts: an account needs a username");
    if (a.display_name.empty()) a.display_name = a.username;
}

settings load_settings(const std::string& path) {
    YAML::Node document;
    const auto file = gateway::read_named_file(path, gateway::public_file_bytes_max);
    if (!file.wrong.empty() && !file.is_empty) throw settings_error(path + " " + file.wrong);
    try {
        document = YAML::Load(file.text);
    } catch (const YAML::Exception& problem) {
        throw settings_error(path + ": " + problem.what());
    }
    node_reader from(document, "");
    settings all = default_settings();
    from.text("directory", all.directory);
    from.text("upload_origin", all.upload_origin);
    from.number("history_requests", all.history_requests, 1);
    for (node_reader& one : from.child("listen"))
        read_listen(one, all.listen);
    for (node_reader& one : from.child("certificate"))
        read_certificate(one, all.certificate);
    if (from.has("apps")) all.apps.clear();
    for (node_reader& one : from.items("apps"))
        read_app(one, all.apps.emplace_back());
    if (from.has("accounts")) all.accounts.clear();
    for (node_reader& one : from.items("accounts"))
        read_account(one, all.accounts.emplace_back());
    read_changeable(from, all);
    from.finish();
    return all;
}

void change_settings(settings& current, const std::string& json_or_yaml) {
    settings changed = current;
    YAML::Node document;
    try {
        document = YAML::Load(json_or_yaml);
    } catch (const YAML::Exception& problem) {
        throw settings_error(problem.what());
    }
    node_reader from(document, "");
    read_changeable(from, changed);
    for (node_reader& one : from.items("apps")) {
        std::string client_key;
        one.text("client_key", client_key);
        read_app(one, app_named(changed.apps, client_key));
    }
    from.finish();
    current = std::move(changed);
}

settings default_settings() {
    settings all;
    app_settings app;
    app.client_key = "demo-client-key";
    app.client_secret = "demo-client-secret";
    app.kind = "desktop";
    app.redirect_uris = {"http://127.0.0.1:*/oauth/callback", "http://localhost:*/oauth/callback"};
    app.verified_domains = {"media.example.test"};
    all.apps.push_back(std::move(app));
    for (const char* name : {"demo", "second", "quiet"}) {
        account_settings account;
        account.username = name;
        account.display_name = std::string("The ") + name + " creator";
        account.bio_description = "Made up by the simulator.";
        account.follower_count = 1'200;
        account.following_count = 34;
        account.likes_count = 56'789;
        account.made_up_videos = 25;
        all.accounts.push_back(std::move(account));
    }
    all.accounts.back().privacy = "private";
    return all;
}

} // namespace gateway::simulator
