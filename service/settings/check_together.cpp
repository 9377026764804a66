#include "base/text.hpp"
#include "base/url_rules.hpp"
#include "settings/loader.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <filesystem>
#include <string_view>

namespace gateway::settings {

std::string all::spool_directory() const {
    if (!vault.spool_directory.empty()) return vault.spool_directory;
    auto beside = std::filesystem::path(files.directory).lexically_normal();
    if (!beside.has_filename()) beside = beside.parent_path(); // it ends with a slash
    return (beside.parent_path() / "spool").string();
}

namespace {

bool is_ip_address(const std::string& text) {
    unsigned char space[sizeof(in6_addr)];
    return inet_pton(AF_INET, text.c_str(), space) == 1 || inet_pton(AF_INET6, text.c_str(), space) == 1;
}

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1";
}

/// A host of TikTok: a name or an IPv4 address, over TLS (the resolver does not support IPv6 literals in
/// brackets).
bool is_tiktok_page(const std::string& url) {
    const auto address = read_web_address(url);
    return address && address->secure && !address->host.starts_with('[');
}

bool is_tiktok_origin(const std::string& url) {
    return is_tiktok_page(url) && read_web_address(url)->path.empty();
}

/// Login codes are sent to this address, so plain HTTP is allowed only on loopback.
bool is_public_url(const std::string& url) {
    const auto address = read_web_address(url);
    return address && (address->secure || address->on_loopback());
}

/// A pattern of wildcards only would accept any host that an answer names.
bool is_host_pattern(std::string_view pattern) {
    const bool plain = consists_of(pattern, [](char c) {
        return is_alphanumeric(c) || std::string_view(".-*:[]").find(c) != std::string_view::npos;
    });
    const auto port = pattern.ends_with(']') ? std::string_view::npos : pattern.rfind(':');
    const auto host = pattern.substr(0, port);
    return plain && std::any_of(host.begin(), host.end(), is_alphanumeric);
}

/// The source of two keys that contradict each other: that of the first if it was given, else that of the
/// second.
std::string either_source(const all& values, const std::string& key, const std::string& other) {
    auto source = source_of(values, key);
    return source.empty() ? source_of(values, other) : source;
}

void check_addresses(const all& values, std::vector<fault>& faults) {
    if (!is_ip_address(values.listen.address)) faults.push_back({"listen.address", "must be an IP address"});
    if (!is_ip_address(values.admin.address)) faults.push_back({"admin.address", "must be an IP address"});
    if (values.listen.port != 0 && values.listen.port == values.admin.port
        && values.listen.address == values.admin.address)
        faults.push_back({"admin.port", "is the port of the API listener",
                          either_source(values, "admin.port", "listen.port")});
    if (values.callers.empty() && !is_loopback(values.listen.address))
        faults.push_back({"callers",
                          "is empty: then nobody needs a key, and listen.address must be a loopback address",
                          either_source(values, "callers", "listen.address")});
    const auto& tls = values.listen.tls;
    if (tls.certificate_file.empty() != tls.private_key_file.empty()) {
        std::string lacking = "listen.tls.certificate_file", given = "listen.tls.private_key_file";
        if (!tls.certificate_file.empty()) lacking.swap(given);
        faults.push_back({lacking, "is missing: TLS needs both, the certificate and its key",
                          either_source(values, lacking, given)});
    }
}

void check_urls(const all& values, std::vector<fault>& faults) {
    const auto& tiktok = values.tiktok;
    if (!is_tiktok_origin(tiktok.api_url))
        faults.push_back({"tiktok.api_url", "must be an https origin, such as https://open.tiktokapis.com"});
    if (!is_tiktok_page(tiktok.authorize_url))
        faults.push_back({"tiktok.authorize_url", "must be an https URL without query"});
    if (!is_public_url(values.public_url))
        faults.push_back({"public_url",
                          "must be an https URL without query (http on loopback only, since codes of "
                          "logins travel there)"});
    for (const auto& url : tiktok.verified_url_prefixes)
        if (const auto wrong = refuse_url_prefix(url))
            faults.push_back({"tiktok.verified_url_prefixes", "holds " + url + ", which " + *wrong});
    for (const auto& pattern : tiktok.upload_hosts)
        if (!is_host_pattern(pattern))
            faults.push_back(
                {"tiktok.upload_hosts",
                 "holds " + pattern + ", and must name hosts, such as *.example.com or 127.0.0.1:8443"});
    for (const auto& [name, address] : tiktok.resolve)
        if (!is_ip_address(address)) faults.push_back({"tiktok.resolve", name + " needs an IP address"});
}

bool is_store_url(std::string_view url) {
    for (const std::string_view scheme : {"sqlite:", "postgresql://", "postgres://"})
        if (url.starts_with(scheme)) return url.size() > scheme.size();
    return false;
}

/// A name that PostgreSQL takes without quotes and does not keep for itself.
bool is_schema_name(std::string_view name) {
    constexpr std::size_t identifier_bytes_max = 63;
    const auto is_plain = [](char c) { return (is_alphanumeric(c) && lower(c) == c) || c == '_'; };
    return !name.empty() && name.size() <= identifier_bytes_max && consists_of(name, is_plain)
           && (is_letter(name.front()) || name.front() == '_') && !name.starts_with("pg_")
           && name != "information_schema";
}

void check_texts(const all& values, std::vector<fault>& faults) {
    if (values.tiktok.client_key.empty()) faults.push_back({"tiktok.client_key", "is empty"});
    if (values.tiktok.client_secret.empty()) faults.push_back({"tiktok.client_secret", "is empty"});
    if (values.vault.keys_file.empty()) faults.push_back({"vault.keys_file", "is empty"});
    if (values.files.directory.empty()) faults.push_back({"files.directory", "is empty"});
    const auto folder = std::filesystem::path(values.files.directory).lexically_normal();
    if (folder.has_root_directory() && !folder.has_relative_path())
        faults.push_back(
            {"files.directory", "is the root of the file system; give the files a folder of their own"});
    if (!is_store_url(values.store.url.reveal()))
        faults.push_back({"store.url", "must be sqlite:FILE or postgresql://USER@HOST/DATABASE"});
    if (!is_schema_name(values.store.schema))
        faults.push_back(
            {"store.schema",
             "must be 1 to 63 of a-z 0-9 _, not begin with a digit or pg_, and be a schema of the "
             "gateway's own"});
    const auto bad_scope = [](const std::string& scope) {
        return !consists_of(scope,
                            [](char c) { return (is_letter(c) && lower(c) == c) || c == '.' || c == '_'; });
    };
    if (values.tiktok.scopes.empty()
        || std::any_of(values.tiktok.scopes.begin(), values.tiktok.scopes.end(), bad_scope))
        faults.push_back({"tiktok.scopes", "must be TikTok's scopes, such as user.info.basic"});
}

/// Each caller's receiver, and who may be one on a private address.
void check_receivers(const all& values, std::vector<fault>& faults) {
    for (const auto& pattern : values.webhooks.allowed_hosts)
        if (!is_host_pattern(pattern) || pattern.find(':') != std::string::npos)
            faults.push_back(
                {"webhooks.allowed_hosts",
                 "holds " + pattern + ", and must name hosts without a port, such as *.svc.example"});
    for (std::size_t at = 0; at < values.callers.size(); ++at) {
        const auto& url = values.callers[at].webhook_url;
        web_url read;
        const auto wrong =
            url.empty() ? std::nullopt : refuse_receiver_url(url, values.webhooks.allowed_hosts, read);
        // Not the URL itself: its query may be a secret.
        if (wrong) faults.push_back({"callers[" + std::to_string(at) + "].webhook_url", *wrong});
    }
}

void check_times(const all& values, std::vector<fault>& faults) {
    if (values.drain.delay > values.drain.deadline)
        faults.push_back({"drain.delay_ms",
                          "must not be longer than drain.deadline_ms, which counts from the "
                          "same moment",
                          either_source(values, "drain.delay_ms", "drain.deadline_ms")});
    // Kept bytes are published by the row of their upload.
    if (values.posts.keep_days * 24 < values.uploads.keep_hours)
        faults.push_back({"posts.keep_days", "must not be shorter than uploads.keep_hours",
                          either_source(values, "posts.keep_days", "uploads.keep_hours")});
    if (values.webhooks.keep_days * 24 < values.webhooks.retry_hours)
        faults.push_back({"webhooks.keep_days", "must not be shorter than webhooks.retry_hours",
                          either_source(values, "webhooks.keep_days", "webhooks.retry_hours")});
}

} // namespace

std::vector<fault> check_together(const all& values) {
    std::vector<fault> faults;
    check_addresses(values, faults);
    check_urls(values, faults);
    check_texts(values, faults);
    check_receivers(values, faults);
    check_times(values, faults);
    return faults;
}

} // namespace gateway::settings
