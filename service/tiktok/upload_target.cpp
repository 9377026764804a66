#include "tiktok/upload_target.hpp"

#include "base/lists.hpp"
#include "base/pattern.hpp"
#include "base/text.hpp"
#include "base/url_rules.hpp"
#include "http/writers.hpp"
#include "outbound/host_value.hpp"

namespace gateway::tiktok {
namespace {

/// Of the URL its host alone: the query is a secret.
failure not_trusted(std::string_view host) {
    std::string sentence = "TikTok named an upload address that is not trusted";
    if (!host.empty())
        sentence.append(": ").append(host).append(" is no public name and not under tiktok.upload_hosts");
    return {errc::tiktok_error, sentence + "."};
}

} // namespace

result<upload_target> trust_upload_url(std::string_view upload_url,
                                       const std::vector<std::string>& allowed_hosts) {
    web_url read;
    if (read_url(upload_url, url_schemes::https, read)) return not_trusted({});
    upload_target out{{read.host, read.port}, (read.path.empty() ? "/" : read.path) + read.query};
    const bool allowed =
        matches_any(allowed_hosts, out.to.host) || matches_any(allowed_hosts, outbound::with_port(out.to));
    if (!allowed && refuse_host_of(read)) return not_trusted(outbound::with_port(out.to));
    return out;
}

std::string write_put_head(const upload_target& target, chunk piece, std::uint64_t size_bytes,
                           std::string_view content_type) {
    std::string out;
    http::request_writer head(out);
    head.start(http::verb::put, target.path_and_query, {}, {}, outbound::host_value(target.to), {});
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
    const auto value = parse_number<std::uint64_t>(next_piece(content_range, '/'));
    if (!value || *value > size_bytes || parse_number<std::uint64_t>(content_range) != size_bytes)
        return std::nullopt;
    return value;
}

} // namespace gateway::tiktok
