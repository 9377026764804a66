// Validates JSON from outside in one pass (RFC 8259, strictly), without building anything. It notes the
// positions of the members that the gateway reads, so that the rest can be passed on as bytes. Pure, no
// allocation.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

inline constexpr std::size_t max_json_depth = 32; // C23

/// Members of an answer of TikTok, as views into the scanned text; empty when absent.
struct scanned_answer {
    std::string_view data;  // the whole value of the top-level member `data`
    std::string_view error; // the whole value of `error`
    // Members of `error` if it is an object: the text between the quotes of a string (still escaped, see
    // json_unescape), or the unchanged text of another value.
    std::string_view error_code;
    std::string_view error_message;
    std::string_view error_log_id;
    /// A member at any depth has a name that may be that of a credential (an upload URL or a token), or a
    /// name with an escape.
    bool may_name_credentials = false;

    bool error_is_ok() const { return error_code == "ok"; }
    bool data_is_object() const { return !data.empty() && data.front() == '{'; }
};

/// Nothing when `text` is not exactly one JSON object, is nested deeper than 32, is not UTF-8, or has one of
/// the members above twice.
std::optional<scanned_answer> scan_answer(std::string_view text);

/// The counts of a validating scan.
struct json_counts {
    std::size_t values = 0;
    std::size_t members = 0;
    bool integer_out_of_range = false; // an integer that fits neither std::int64_t nor std::uint64_t
};

/// Nothing when `text` is not exactly one JSON value within `max_depth`, or holds more than `max_values`
/// values.
std::optional<json_counts> count_json(std::string_view text, std::size_t max_depth = max_json_depth,
                                      std::size_t max_values = static_cast<std::size_t>(-1));

/// The unescaped text of a validated JSON string, given the text between its quotes. A text that is not one
/// is given unchanged.
std::string json_unescape(std::string_view between_quotes);

} // namespace gateway
