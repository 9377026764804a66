// What an action gives back: a value, never HTTP.
#pragma once
#include "tiktok/document.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gateway::actions {

/// TikTok's `data`, passed through: the door splices its bytes into the envelope. `as_strings` names members
/// whose integers become strings (cursors, post ids); `without` names members that must not leave us.
struct passed_through {
    tiktok::document from;
    std::vector<std::string_view> as_strings;
    std::vector<std::string_view> without;
    std::string extra; // members of ours to add to `data`: `"publish_id":"…","state":"…"`, or empty
};

/// A JSON object of ours, already written: `{"file_id":"…"}`.
struct object {
    std::string json;
    // A batch of which some failed answers 200 with successful=false and problem.code partial_failure.
    std::string partial_failure; // the sentence for `error`; empty: all went well
};

/// For a browser: a page or a way on.
struct page {
    int status = 200;
    std::string html;
};
struct redirect {
    std::string to;
};
/// Bytes of a fixed document (openapi.yaml, /docs and its parts).
struct asset {
    std::string_view content_type;
    std::string_view bytes; // of static life
};
/// 200 with nothing to say (webhooks).
struct accepted {};

using answer = std::variant<passed_through, object, page, redirect, asset, accepted>;

} // namespace gateway::actions
