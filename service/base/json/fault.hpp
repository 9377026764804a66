// Finds why a text is refused as JSON, and where: for the sentence that its sender reads. Reads the text a
// second time, only after a scan has refused it. Pure.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gateway {

struct json_fault {
    std::size_t at = 0;     // offset of the first byte that cannot stand there
    std::string_view cause; // without a full stop; static
};

/// The first fault by the rules of parse_json(); nothing if there is none.
std::optional<json_fault> find_json_fault(std::string_view text, std::size_t max_depth,
                                          std::size_t max_values);

/// "line 3, byte 14": both count from 1, the byte from the start of its line. Lines end with a line feed.
std::string place_in(std::string_view text, std::size_t at);

} // namespace gateway
