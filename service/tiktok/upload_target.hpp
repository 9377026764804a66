// The upload URL for chunks. It comes from TikTok's answer, so it is trusted only with https and a public
// name, or a host that the settings allow (docs/contract.md §9, `tiktok.upload_hosts`); its query is the
// credential. Pure.
#pragma once
#include "base/result.hpp"
#include "outbound/client.hpp"
#include "tiktok/chunk_plan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::tiktok {

struct upload_target {
    outbound::origin to;
    std::string path_and_query; // unchanged; contains the upload token, never shown
};

/// tiktok_error for a URL that is not trusted; of it the message has the host alone.
result<upload_target> trust_upload_url(std::string_view upload_url,
                                       const std::vector<std::string>& allowed_hosts);

/// The head of the PUT of `piece` out of `size_bytes` (docs/tiktok-wire.md §5.2).
std::string write_put_head(const upload_target& target, chunk piece, std::uint64_t size_bytes,
                           std::string_view content_type);

/// The second number of `bytes 0-{N}/{TOTAL}`; whether it is a count or a last index is not documented (W15).
std::optional<std::uint64_t> read_progress(std::string_view content_range, std::uint64_t size_bytes);

} // namespace gateway::tiktok
