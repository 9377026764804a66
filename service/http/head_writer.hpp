// Appends the lines of a head to a flat string. The base of both writers; guards every value, since a line
// break in one would become a header of its own (C26).
#pragma once
#include "http/wire_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::http {

/// Names are ours and known when this is compiled; one that is no token does not compile.
struct field_name {
    template <std::size_t size>
    consteval field_name(const char (&name)[size]) : text(name, size - 1) {
        if (text.empty() || !all(token_byte, text)) throw "no token (RFC 9110 §5.6.2)";
    }
    std::string_view text;
};

class head_writer {
public:
    explicit head_writer(std::string& out) : out_(out) {}

    /// Throws std::logic_error when `value` holds a control character: values are checked where they come in,
    /// so this is a bug of ours and must not reach the wire.
    head_writer& field(field_name name, std::string_view value);
    head_writer& field(field_name name, std::int64_t value);
    head_writer& content_length(std::uint64_t bytes) {
        return field("Content-Length", static_cast<std::int64_t>(bytes));
    }
    /// The empty line; the body may be appended to the same string.
    void end() { out_.append("\r\n"); }

protected:
    std::string& out_;
};

} // namespace gateway::http
