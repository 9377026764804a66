// The result of an action: a value, independent of HTTP.
#pragma once
#include "base/memory/worker_memory.hpp"
#include "tiktok/document.hpp"

#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace gateway::api {

/// TikTok's `data`, passed through: its bytes are spliced into the envelope (see base/json/patch.hpp). The
/// lists are constants of the action.
struct passed_through {
    tiktok::document from;
    std::span<const std::string_view> as_strings; // integers that become strings: cursors
    std::span<const std::string_view>
        as_string_lists;                       // post ids: a scalar or a list, becomes a list of strings
    std::span<const std::string_view> without; // members that callers must not see
    worker_string extra; // members to add to `data`: `"publish_id":"…","state":"…"`, or empty
};

/// A JSON object of the gateway, already serialized: `{"file_id":"…"}`.
struct object {
    std::string json;
    // A batch of which some failed answers 200 with successful=false and problem.code partial_failure.
    std::string partial_failure; // the sentence for `error`; empty if all succeeded
};

/// For a browser: a page or a redirect.
struct page {
    int status = 200; // sent with no-store, no-referrer and no-framing headers
    std::string html;
};
struct redirect {
    std::string to;
};
/// Bytes of a fixed document (openapi.yaml, /docs and its parts).
struct asset {
    std::string_view content_type;
    std::string_view bytes; // with static lifetime
};
/// 200 without data (webhooks).
struct accepted {};

/// 204: an event stream that was heard to its end.
struct no_content {};
/// Everything was sent by the call itself (live_answer.hpp).
struct all_sent {};

using answer = std::variant<passed_through, object, page, redirect, asset, accepted, no_content, all_sent>;

} // namespace gateway::api
