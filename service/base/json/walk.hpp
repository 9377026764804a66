// The parser behind scan and patch: strict RFC 8259, iterative, no allocation. It reports every token and its
// position to a sink. Internal to base/; pure.
#pragma once
#include "base/json/plain.hpp"
#include "base/text.hpp"
#include "base/utf.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gateway::json {

/// A sink that ignores all tokens. A sink derives from it and declares the functions for the tokens it needs;
/// the parser is a template of the sink, so no function is virtual. `depth` is the number of objects and
/// arrays that are open at the token, `depth_outside` that without the one that begins or ends there.
struct null_sink {
    void on_key(std::size_t /*begin*/, std::string_view /*between_quotes*/, std::size_t /*depth*/) {}
    void on_comma(std::size_t /*at*/, bool /*in_object*/) {}
    void on_open(std::size_t /*at*/, char /*bracket*/, std::size_t /*depth_outside*/) {}
    void on_close(std::size_t /*end*/, std::size_t /*depth_outside*/) {}
    void on_scalar(std::size_t /*begin*/, std::size_t /*end*/, std::size_t /*depth*/) {}
    /// False stops the parser as if the text were invalid.
    bool go_on() const { return true; }
};

// Each takes the start of a token and gives its end; null if it is invalid. Free functions, so that the
// parser's position stays in a register.
namespace token {

inline const char* word(const char* at, const char* end, std::string_view expected) {
    const bool there = std::string_view(at, static_cast<std::size_t>(end - at)).starts_with(expected);
    return there ? at + expected.size() : nullptr;
}

inline const char* digits(const char* at, const char* end) {
    const char* const from = at;
    while (at < end && is_digit(*at))
        ++at;
    return at != from ? at : nullptr;
}

inline const char* number(const char* at, const char* end) {
    if (*at == '-') ++at;
    if (at < end && *at == '0')
        ++at;
    else if (at = digits(at, end); !at)
        return nullptr;
    if (at < end && *at == '.')
        if (at = digits(at + 1, end); !at) return nullptr;
    if (at < end && (*at == 'e' || *at == 'E')) {
        ++at;
        if (at < end && (*at == '+' || *at == '-')) ++at;
        at = digits(at, end);
    }
    return at;
}

/// The value of `\uXXXX`; -1 if it is invalid.
inline int code_unit(const char* at, const char* end) {
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
    int unit = 0;
    for (int i = 2; i < 6; ++i) {
        const int digit = hex_digit(at[i]);
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

inline const char* escape(const char* at, const char* end) {
    if (end - at < 2) return nullptr;
    if (at[1] != 'u')
        return std::string_view{"\"\\/bfnrt"}.find(at[1]) != std::string_view::npos ? at + 2 : nullptr;
    const int unit = code_unit(at, end);
    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff)) return nullptr;
    if (unit < 0xd800 || unit > 0xdbff) return at + 6;
    const int low = code_unit(at + 6, end); // the second half of the pair must follow
    return low >= 0xdc00 && low <= 0xdfff ? at + 12 : nullptr;
}

/// One escape or multi-byte character of a string.
inline const char* special(const char* at, const char* end) {
    if (*at == '\\') return escape(at, end);
    if (static_cast<unsigned char>(*at) < 0x80) return nullptr; // a control character
    const std::size_t length = utf8_sequence({at, static_cast<std::size_t>(end - at)});
    return length == 0 ? nullptr : at + length;
}

/// The rest of a string, from its first character that is not plain.
[[gnu::noinline]] inline const char* rest_of_string(const char* at, const char* end) {
    while (at != end && *at != '"') {
        at = special(at, end);
        if (!at) return nullptr;
        at = skip_plain(at, end);
    }
    return at != end ? at + 1 : nullptr;
}

/// A string, from its opening quote to the position after the closing one.
inline const char* string(const char* at, const char* end) {
    at = skip_plain(at + 1, end);
    return at != end && *at == '"' ? at + 1 : rest_of_string(at, end); // usually the first case
}

inline const char* scalar(const char* at, const char* end) {
    switch (*at) {
        case '"':
            return string(at, end);
        case 't':
            return word(at, end, "true");
        case 'f':
            return word(at, end, "false");
        case 'n':
            return word(at, end, "null");
        default:
            return number(at, end);
    }
}

inline const char* skip_blanks(const char* at, const char* end) {
    if (at != end && *at > ' ') return at; // the usual case
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        ++at;
    return at;
}

} // namespace token

/// Whether a valid scalar is an integer.
constexpr bool is_integer(std::string_view scalar) {
    return consists_of(scalar, [](char c) { return is_digit(c) || c == '-'; });
}

template <class Sink>
class walk {
public:
    walk(std::string_view text, std::size_t max_depth, Sink& sink)
        : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), max_depth_(max_depth), sink_(sink) {}

    /// True when the text is exactly one JSON value.
    bool run() {
        skip_blanks();
        while (value() && sink_.go_on()) {
            // A value has ended, so the containers that contain it may end, too.
            for (;;) {
                skip_blanks();
                if (depth_ == 0) return at_ == end_;
                if (at_ == end_) return false;
                if (*at_ == ',') break;
                if (*at_ != closing_bracket()) return false;
                close();
            }
            sink_.on_comma(offset(), in_object());
            ++at_;
            skip_blanks();
            if (in_object() && !(key() && sink_.go_on())) return false;
        }
        return false;
    }

    /// Where an invalid text cannot be read on.
    std::size_t stopped_at() const { return offset(); }

private:
    std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }
    bool in_object() const { return (objects_ >> (depth_ - 1) & 1) != 0; }
    char closing_bracket() const { return in_object() ? '}' : ']'; }
    void skip_blanks() { at_ = token::skip_blanks(at_, end_); }

    /// Reads a scalar or an empty container, and all containers that begin before it.
    bool value() {
        for (;;) {
            if (at_ == end_) return false;
            if (*at_ != '{' && *at_ != '[') return scalar();
            if (!open(*at_)) return false;
            skip_blanks();
            if (at_ == end_) return false;
            if (*at_ == closing_bracket()) {
                close();
                return true;
            }
            if (in_object() && !(key() && sink_.go_on())) return false;
        }
    }

    bool scalar() {
        const char* const stop = token::scalar(at_, end_);
        if (!stop) return false;
        const std::size_t begin = offset();
        at_ = stop;
        sink_.on_scalar(begin, offset(), depth_);
        return true;
    }

    bool open(char bracket) {
        if (depth_ == max_depth_) return false;
        sink_.on_open(offset(), bracket, depth_);
        const std::uint64_t bit = std::uint64_t{1} << depth_++;
        objects_ = bracket == '{' ? objects_ | bit : objects_ & ~bit;
        ++at_;
        return true;
    }

    void close() {
        ++at_;
        --depth_;
        sink_.on_close(offset(), depth_);
    }

    /// Reads a key, up to the start of its value.
    bool key() {
        if (at_ == end_ || *at_ != '"') return false;
        const char* const stop = token::string(at_, end_);
        if (!stop) return false;
        const std::size_t begin = offset();
        const std::string_view raw{at_ + 1, static_cast<std::size_t>(stop - at_ - 2)};
        at_ = token::skip_blanks(stop, end_);
        if (at_ == end_ || *at_ != ':') return false;
        ++at_;
        sink_.on_key(begin, raw, depth_);
        skip_blanks();
        return true;
    }

    const char* begin_;
    const char* at_;
    const char* end_;
    std::size_t max_depth_; // at most 64, the bits of objects_
    Sink& sink_;
    std::size_t depth_ = 0;
    std::uint64_t objects_ = 0; // bit n: container n is an object
};

} // namespace gateway::json
