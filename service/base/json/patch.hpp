// Copies validated JSON with small changes, in one pass and without a DOM: TikTok's 64-bit cursors and post
// ids become strings, and members that callers must not see are dropped. Pure.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace gateway {

/// Keys are compared unescaped and at every depth.
struct json_patch_rules {
    std::span<const std::string_view> stringify; // integer values become strings; others are not changed
    std::span<const std::string_view>
        stringify_list; // becomes a list of strings: elements, or the one scalar; null: []
    std::span<const std::string_view> drop; // the member is removed
};

/// Appends the patched copy. `validated` must have passed scan_answer or count_json.
void append_patched(std::string& out, std::string_view validated, const json_patch_rules& rules);

} // namespace gateway
