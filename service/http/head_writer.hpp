// Appends the lines of a head to a string, which only the writer may change until end(). The base of both
// writers. Checks every value, because a line break in a value would start another header (C26).
#pragma once
#include "base/append.hpp"
#include "base/digits.hpp"
#include "http/wire_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gateway::http {

/// A field name, known at compile time; a name that is not a token does not compile.
struct field_name {
    template <std::size_t size>
    consteval field_name(const char (&name)[size]) : text(name, size - 1) {
        if (text.empty() || !all(token_byte, text)) throw "no token (RFC 9110 §5.6.2)";
    }
    std::string_view text;
};

/// `Name: value` lines with their line ends; lines that a gate would refuse do not compile.
struct fixed_lines {
    template <std::size_t size>
    consteval fixed_lines(const char (&lines)[size]) : text(lines, size - 1) {
        for (std::string_view rest = text; !rest.empty();) {
            const auto colon = rest.find(": ");
            const auto end = rest.find("\r\n");
            if (colon == 0 || colon > end || end == std::string_view::npos
                || !all(token_byte, rest.substr(0, colon))
                || !all(value_byte, rest.substr(colon + 2, end - colon - 2)))
                throw "no field lines (RFC 9112 §5)";
            rest.remove_prefix(end + 2);
        }
    }
    std::string_view text;
};

class head_writer {
public:
    explicit head_writer(std::string& out) : out_(out) {}

    /// Throws std::logic_error when `value` holds a control character: input is checked earlier, so this is a
    /// bug in the service, and the head must not be sent.
    head_writer& field(field_name name, std::string_view value) {
        check(value);
        out_.put(name.text, ": ", value, "\r\n");
        return *this;
    }
    /// A value given as two parts, without joining them first.
    head_writer& field(field_name name, std::string_view value, std::string_view rest) {
        check(value);
        check(rest);
        out_.put(name.text, ": ", value, rest, "\r\n");
        return *this;
    }
    head_writer& field(field_name name, std::int64_t value) {
        out_.put(name.text, ": ", number_text::of(value), "\r\n");
        return *this;
    }
    /// A value that `write` appends by itself; for values made only of numbers and fixed names.
    template <class Write>
    head_writer& written_field(field_name name, Write write) {
        out_.put(name.text, ": ");
        write(out_);
        out_.put("\r\n");
        return *this;
    }
    /// Whole lines, known at compile time.
    head_writer& lines(fixed_lines text) {
        out_.put(text.text);
        return *this;
    }
    head_writer& content_length(std::uint64_t bytes) {
        return field("Content-Length", static_cast<std::int64_t>(bytes));
    }
    /// The empty line; the body may be appended to the same string then.
    void end() {
        out_.put("\r\n");
        out_.close();
    }

protected:
    static void check(std::string_view value) {
        if (!is_value(value)) refuse_value();
    }
    [[noreturn]] static void refuse_value();

    string_appender out_;
};

} // namespace gateway::http
