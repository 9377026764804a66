#include "tiktok/upload_target.hpp"

#include "base/pattern.hpp"
#include "base/url_rules.hpp"
#include "http/request_writer.hpp"

#include <algorithm>
#include <charconv>

namespace gateway::tiktok {
namespace {

constexpr std::string_view scheme = "https://";

failure not_trusted() {
    return {errc::tiktok_error, "TikTok named an upload address that is not trusted."};
}

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '#'; });
}

std::optional<outbound::origin> split_authority(std::string_view authority) {
    outbound::origin to;
    if (authority.find('@') != std::string_view::npos) return std::nullopt;
    if (const std::size_t colon = authority.rfind(':'); colon != std::string_view::npos) {
        const std::string_view port = authority.substr(colon + 1);
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), to.port);
        if (error != std::errc{} || end != port.data() + port.size() || to.port == 0) return std::nullopt;
        authority = authority.substr(0, colon);
    }
    if (authority.empty()) return std::nullopt;
    to.host = authority;
    return to;
}

std::string with_port(const outbound::origin& to) {
    return to.host + ":" + std::to_string(to.port);
}

} // namespace

result<upload_target> trust_upload_url(std::string_view upload_url,
                                       const std::vector<std::string>& allowed_hosts) {
    if (!upload_url.starts_with(scheme) || upload_url.size() > max_url_bytes || !is_plain(upload_url))
        return not_trusted();
    const std::string_view rest = upload_url.substr(scheme.size());
    const std::size_t end = std::min(rest.find_first_of("/?\\"), rest.size());
    auto to = split_authority(rest.substr(0, end));
    if (!to) return not_trusted();
    const bool allowed = matches_any(allowed_hosts, to->host) || matches_any(allowed_hosts, with_port(*to));
    if (!allowed && refuse_url(upload_url, {})) return not_trusted();
    upload_target out{std::move(*to), std::string(rest.substr(end))};
    if (!out.path_and_query.starts_with('/')) out.path_and_query.insert(0, 1, '/');
    return out;
}

std::string write_put_head(const upload_target& target, chunk piece, std::uint64_t size_bytes,
                           std::string_view content_type) {
    std::string out;
    http::request_writer head(out);
    head.start(http::verb::put, target.path_and_query,
               target.to.port == 443 ? target.to.host : with_port(target.to));
    head.field("Content-Type", content_type)
        .content_length(piece.size_bytes())
        .field("Content-Range", "bytes " + std::to_string(piece.first) + "-" + std::to_string(piece.last)
                                    + "/" + std::to_string(size_bytes));
    head.end();
    return out;
}

std::optional<std::uint64_t> read_progress(std::string_view content_range, std::uint64_t size_bytes) {
    constexpr std::string_view begin = "bytes 0-";
    if (!content_range.starts_with(begin)) return std::nullopt;
    content_range.remove_prefix(begin.size());
    std::uint64_t value = 0;
    const char* const last = content_range.data() + content_range.size();
    const auto [end, error] = std::from_chars(content_range.data(), last, value);
    if (error != std::errc{} || end == last || *end != '/' || value > size_bytes) return std::nullopt;
    std::uint64_t total = 0;
    const auto [total_end, total_error] = std::from_chars(end + 1, last, total);
    if (total_error != std::errc{} || total_end != last || total != size_bytes) return std::nullopt;
    return value;
}

} // namespace gateway::tiktok
