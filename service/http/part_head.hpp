// The head of one part of a form (RFC 7578 §4, RFC 2046 §5.1). Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::http {

struct part_head {
    std::string name;
    std::string file_name; // as sent, may be empty
    std::optional<std::uint64_t> length_bytes;
};

/// `head`: field lines, each with its CRLF, and the empty line after them. Fields may be folded. Nothing for
/// a part that is not form-data with a name, and for transfer encodings that change the content's bytes.
std::optional<part_head> read_part_head(std::string_view head);

} // namespace gateway::http
