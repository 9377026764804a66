// What a part of a form says about itself (RFC 7578 §4, RFC 2046 §5.1). Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::http {

struct part_head {
    std::string name;
    std::string file_name; // as it was claimed, may be empty
    std::string type;      // claimed, not believed
    std::optional<std::uint64_t> length_bytes;
};

/// `head`: field lines, each with its CRLF, and the empty line behind them. Fields may be folded. Nothing for
/// what is not form-data with a name, and for encodings that would make other bytes of the content.
std::optional<part_head> read_part_head(std::string_view head);

} // namespace gateway::http
