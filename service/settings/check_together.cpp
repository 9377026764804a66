#include "settings/loader.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <string_view>

namespace gateway::settings {

namespace {

bool is_ip_address(const std::string& text) {
    unsigned char space[sizeof(in6_addr)];
    return inet_pton(AF_INET, text.c_str(), space) == 1 || inet_pton(AF_INET6, text.c_str(), space) == 1;
}

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address == "::1";
}

/// `https://host[:port]` and, if allowed, a path; no user, query or fragment.
bool is_plain_url(std::string_view url, std::string_view scheme, bool with_path) {
    if (!url.starts_with(scheme)) return false;
    const std::string_view rest = url.substr(scheme.size());
    const bool plain = std::all_of(rest.begin(), rest.end(), [](unsigned char letter) {
        return std::isalnum(letter)
               || std::string_view("-._~:/[]%").find(static_cast<char>(letter)) != std::string_view::npos;
    });
    return plain && !rest.empty() && rest.front() != '/'
           && (with_path || rest.find('/') == std::string_view::npos);
}

void check_addresses(const all& values, std::vector<fault>& faults) {
    if (!is_ip_address(values.listen.address)) faults.push_back({"listen.address", "must be an IP address"});
    if (!is_ip_address(values.admin.address)) faults.push_back({"admin.address", "must be an IP address"});
    if (values.listen.port != 0 && values.listen.port == values.admin.port
        && values.listen.address == values.admin.address)
        faults.push_back({"admin.port", "is the port of the API listener"});
    if (values.callers.empty() && !is_loopback(values.listen.address))
        faults.push_back(
            {"callers", "is empty: then nobody needs a key, and listen.address must be a loopback address"});
    const auto& tls = values.listen.tls;
    if (tls.certificate_file.empty() != tls.private_key_file.empty())
        faults.push_back(
            {tls.certificate_file.empty() ? "listen.tls.certificate_file" : "listen.tls.private_key_file",
             "is missing: TLS needs both, the certificate and its key"});
}

void check_urls(const all& values, std::vector<fault>& faults) {
    const auto& tiktok = values.tiktok;
    if (!is_plain_url(tiktok.api_url, "https://", false))
        faults.push_back({"tiktok.api_url", "must be an https origin, such as https://open.tiktokapis.com"});
    if (!is_plain_url(tiktok.authorize_url, "https://", true))
        faults.push_back({"tiktok.authorize_url", "must be an https URL without query"});
    if (!is_plain_url(values.public_url, "https://", true)
        && !is_plain_url(values.public_url, "http://", true))
        faults.push_back({"public_url", "must be an http or https URL without query"});
    for (const auto& url : tiktok.verified_url_prefixes)
        if (!is_plain_url(url, "https://", true))
            faults.push_back({"tiktok.verified_url_prefixes", "must all be https URLs without query"});
    for (const auto& [name, address] : tiktok.resolve)
        if (!is_ip_address(address)) faults.push_back({"tiktok.resolve", name + " needs an IP address"});
}

void check_texts(const all& values, std::vector<fault>& faults) {
    if (values.tiktok.client_key.empty()) faults.push_back({"tiktok.client_key", "is empty"});
    if (values.tiktok.client_secret.empty()) faults.push_back({"tiktok.client_secret", "is empty"});
    if (values.vault.keys_file.empty()) faults.push_back({"vault.keys_file", "is empty"});
    if (values.files.directory.empty()) faults.push_back({"files.directory", "is empty"});
    if (!values.store_url.starts_with("sqlite:") || values.store_url == "sqlite:")
        faults.push_back({"store.url", "must be sqlite:FILE"});
    const auto bad_scope = [](const std::string& scope) {
        return !std::all_of(scope.begin(), scope.end(), [](unsigned char letter) {
            return std::islower(letter) || letter == '.' || letter == '_';
        });
    };
    if (values.tiktok.scopes.empty()
        || std::any_of(values.tiktok.scopes.begin(), values.tiktok.scopes.end(), bad_scope))
        faults.push_back({"tiktok.scopes", "must be TikTok's scopes, such as user.info.basic"});
}

} // namespace

std::vector<fault> check_together(const all& values) {
    std::vector<fault> faults;
    check_addresses(values, faults);
    check_urls(values, faults);
    check_texts(values, faults);
    return faults;
}

} // namespace gateway::settings
