// Appends the lines of a head to a flat string. The base of both writers; guards every value, since a line
// break in one would become a header of its own (C26).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::http {

class head_writer {
public:
    explicit head_writer(std::string& out) : out_(out) {}

    /// Throws std::logic_error when `name` is no token or `value` holds a control character: values are
    /// checked where they come in, so this is a bug of ours and must not reach the wire.
    head_writer& field(std::string_view name, std::string_view value);
    head_writer& field(std::string_view name, std::int64_t value);
    head_writer& content_length(std::uint64_t bytes) {
        return field("Content-Length", static_cast<std::int64_t>(bytes));
    }
    /// The empty line; the body may be appended to the same string.
    void end() { out_.append("\r\n"); }

protected:
    std::string& out_;
};

} // namespace gateway::http
