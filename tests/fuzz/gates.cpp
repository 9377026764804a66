// Both gates: the views they give are inside the block and contain no controls, and the end is found at the
// same position however the bytes arrive.
#include "fuzz/targets.hpp"
#include "http/header_finder.hpp"
#include "http/request_target.hpp"
#include "http/strict_gate.hpp"
#include "http/wire_text.hpp"

#include <algorithm>

namespace gateway::fuzz {
namespace {

bool within(std::string_view block, std::string_view view) {
    return view.empty()
           || (view.data() >= block.data() && view.data() + view.size() <= block.data() + block.size());
}

/// A tab is allowed only in a field's value.
bool plain(std::string_view text, bool tabs) {
    return std::all_of(text.begin(), text.end(), [tabs](char c) {
        return (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || (tabs && c == '\t');
    });
}

/// The end of the header, also found byte by byte; 0 when there is none.
std::size_t header_end(std::string_view bytes, http::peer from) {
    const auto whole = http::find_header_end(bytes, from);
    http::header_finder slow{from};
    for (std::size_t n = 1; n <= bytes.size(); ++n) {
        const auto so_far = slow.look(bytes.substr(0, n));
        if (so_far.has_error()) {
            require(whole.has_error(), "a header is refused only when it comes slowly");
            return 0;
        }
        if (*so_far == 0) continue;
        require(whole.has_value() && *whole == *so_far && *so_far == n,
                "the end of a header depends on how it comes");
        return n;
    }
    return 0;
}

} // namespace

void request_gate(std::string_view bytes) {
    const std::size_t end = header_end(bytes, http::peer::caller);
    const std::string_view block = end == 0 ? bytes : bytes.substr(0, end);
    const auto head = http::validate_head(block);
    if (head.has_error()) return;
    require(end != 0, "the gate accepts what the finder refuses");
    for (const auto view : {head->target, head->query, head->host})
        require(within(block, view) && plain(view, false),
                "a view leaves its block or holds a control character");
    for (const auto view :
         {head->authorization, head->api_key, head->idempotency_key, head->content_type, head->content_digest,
          head->request_timeout, head->tiktok_signature, head->request_id, head->traceparent}) {
        require(within(block, view) && plain(view, true),
                "a view leaves its block or holds a control character");
        require(view.empty() || (!is_blank(view.front()) && !is_blank(view.back())),
                "a value keeps the blanks around it");
    }
    require(head->path == "*" || head->path.front() == '/', "a path begins with a slash");
    require(
        head->path.find("..") == std::string_view::npos || head->path.find("/../") == std::string_view::npos,
        "a path holds a dot segment");
    const auto host = http::find_field(block, "host");
    require(host == head->host || (host.empty() && head->minor_version == 0 && head->target.front() != '/'),
            "Host is neither what stands there nor the server of the target");
    require(http::is_host(head->host) || (head->host.empty() && head->minor_version == 0),
            "a request without a proper Host");
    require(head->body.kind != http::framing::chunked || http::find_field(block, "content-length").empty(),
            "two lengths");
}

void response_gate(std::string_view bytes) {
    const std::size_t end = header_end(bytes, http::peer::tiktok);
    const std::string_view block = end == 0 ? bytes : bytes.substr(0, end);
    const auto head = http::validate_response_head(block);
    if (head.has_error())
        return require(head.error().code() == errc::tiktok_error, "TikTok's fault is called the caller's");
    require(end != 0, "the gate accepts what the finder refuses");
    for (const auto view : {head->retry_after, head->content_range, head->log_id})
        require(within(block, view), "a view leaves its block");
    require(head->status >= 100 && head->status <= 599, "a status out of range");
}

} // namespace gateway::fuzz
