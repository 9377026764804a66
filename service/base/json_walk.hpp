// The walk behind json_scan and json_patch: strict RFC 8259, iterative, no allocation. A sink is told of
// every token and where it lies. Internal to base/; pure.
#pragma once
#include "base/utf.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace gateway::json {

/// Does nothing; a sink inherits and hides what it wants to hear. `depth` counts the open containers.
struct silent_sink {
    void on_key(std::size_t /*begin*/, std::string_view /*between_quotes*/, std::size_t /*depth*/) {}
    void on_comma(std::size_t /*at*/, bool /*in_object*/) {}
    void on_open(std::size_t /*at*/, char /*bracket*/, std::size_t /*depth_outside*/) {}
    void on_close(std::size_t /*end*/, std::size_t /*depth_outside*/) {}
    void on_scalar(std::size_t /*begin*/, std::size_t /*end*/, std::size_t /*depth*/) {}
    /// False stops the walk as if the text were wrong.
    bool go_on() const { return true; }
};

/// The characters of strings that need a look: quote, backslash, controls and everything beyond ASCII.
inline const char* skip_plain(const char* at, const char* end) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i blank = _mm_set1_epi8(' ');
    for (; end - at >= 16; at += 16) {
        const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
        // Signed: bytes from 0x80 on are below the blank, too.
        const __m128i special =
            _mm_or_si128(_mm_cmplt_epi8(sixteen, blank),
                         _mm_or_si128(_mm_cmpeq_epi8(sixteen, quote), _mm_cmpeq_epi8(sixteen, backslash)));
        const auto mask = static_cast<unsigned>(_mm_movemask_epi8(special));
        if (mask != 0) return at + std::countr_zero(mask);
    }
#endif
    while (at < end && static_cast<unsigned char>(*at) >= 0x20 && static_cast<unsigned char>(*at) < 0x80
           && *at != '"' && *at != '\\')
        ++at;
    return at;
}

template <class Sink>
class walk {
public:
    walk(std::string_view text, std::size_t max_depth, Sink& sink)
        : begin_(text.data()), at_(begin_), end_(begin_ + text.size()), max_depth_(max_depth), sink_(sink) {}

    /// True when the text is exactly one JSON value.
    bool run() {
        while (want_ != want::nothing) {
            skip_blanks();
            if (at_ == end_ || !step() || !sink_.go_on()) return false;
        }
        skip_blanks();
        return at_ == end_;
    }

private:
    enum class want : unsigned char { value, value_or_end, key, key_or_end, comma_or_end, nothing };

    std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }
    bool in_object() const { return (objects_ >> (depth_ - 1) & 1) != 0; }
    void skip_blanks() {
        while (at_ < end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
            ++at_;
    }

    bool step() {
        switch (want_) {
            case want::value_or_end:
                if (*at_ == ']') return close();
                return value();
            case want::value:
                return value();
            case want::key_or_end:
                if (*at_ == '}') return close();
                return key();
            case want::key:
                return key();
            case want::comma_or_end:
                if (*at_ == (in_object() ? '}' : ']')) return close();
                if (*at_ != ',') return false;
                sink_.on_comma(offset(), in_object());
                ++at_;
                want_ = in_object() ? want::key : want::value;
                return true;
            case want::nothing:
                break;
        }
        return false;
    }

    bool open(char bracket) {
        if (depth_ == max_depth_) return false;
        sink_.on_open(offset(), bracket, depth_);
        const std::uint64_t bit = std::uint64_t{1} << depth_++;
        objects_ = bracket == '{' ? objects_ | bit : objects_ & ~bit;
        want_ = bracket == '{' ? want::key_or_end : want::value_or_end;
        ++at_;
        return true;
    }

    bool close() {
        ++at_;
        --depth_;
        sink_.on_close(offset(), depth_);
        value_ended();
        return true;
    }

    void value_ended() { want_ = depth_ == 0 ? want::nothing : want::comma_or_end; }

    bool key() {
        const std::size_t begin = offset();
        if (*at_ != '"' || !string()) return false;
        const std::string_view raw{begin_ + begin + 1, offset() - begin - 2};
        skip_blanks();
        if (at_ == end_ || *at_ != ':') return false;
        ++at_;
        sink_.on_key(begin, raw, depth_);
        want_ = want::value;
        return true;
    }

    bool value() {
        if (*at_ == '{' || *at_ == '[') return open(*at_);
        const std::size_t begin = offset();
        bool good = false;
        switch (*at_) {
            case '"':
                good = string();
                break;
            case 't':
                good = word("true");
                break;
            case 'f':
                good = word("false");
                break;
            case 'n':
                good = word("null");
                break;
            default:
                good = number();
        }
        if (!good) return false;
        sink_.on_scalar(begin, offset(), depth_);
        value_ended();
        return true;
    }

    bool word(std::string_view expected) {
        if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, expected.size())
            != expected)
            return false;
        at_ += expected.size();
        return true;
    }

    bool digits() {
        const char* const from = at_;
        while (at_ < end_ && *at_ >= '0' && *at_ <= '9')
            ++at_;
        return at_ != from;
    }

    bool number() {
        if (*at_ == '-') ++at_;
        if (at_ < end_ && *at_ == '0')
            ++at_;
        else if (!digits())
            return false;
        if (at_ < end_ && *at_ == '.') {
            ++at_;
            if (!digits()) return false;
        }
        if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
            ++at_;
            if (at_ < end_ && (*at_ == '+' || *at_ == '-')) ++at_;
            if (!digits()) return false;
        }
        return true;
    }

    /// From the opening quote to behind the closing one.
    bool string() {
        for (++at_;;) {
            at_ = skip_plain(at_, end_);
            if (at_ == end_) return false;
            const auto byte = static_cast<unsigned char>(*at_);
            if (byte == '"') {
                ++at_;
                return true;
            }
            if (byte == '\\') {
                if (!escape()) return false;
            } else {
                const std::size_t length =
                    byte < 0x80 ? 0 : utf8_sequence({at_, static_cast<std::size_t>(end_ - at_)});
                if (length == 0) return false;
                at_ += length;
            }
        }
    }

    bool escape() {
        if (end_ - at_ < 2) return false;
        const char kind = at_[1];
        if (kind != 'u') {
            at_ += 2;
            return std::string_view{"\"\\/bfnrt"}.find(kind) != std::string_view::npos;
        }
        const int unit = code_unit();
        if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff)) return false;
        if (unit < 0xd800 || unit > 0xdbff) return true;
        const int low = code_unit(); // the other half of the pair must follow
        return low >= 0xdc00 && low <= 0xdfff;
    }

    /// Takes `\uXXXX`; -1 when it is none.
    int code_unit() {
        if (end_ - at_ < 6 || at_[0] != '\\' || at_[1] != 'u') return -1;
        int unit = 0;
        for (int i = 2; i < 6; ++i) {
            const char c = at_[i];
            const int digit = c >= '0' && c <= '9'   ? c - '0'
                              : c >= 'a' && c <= 'f' ? c - 'a' + 10
                              : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                     : -1;
            if (digit < 0) return -1;
            unit = unit * 16 + digit;
        }
        at_ += 6;
        return unit;
    }

    const char* begin_;
    const char* at_;
    const char* end_;
    std::size_t max_depth_; // at most 64, the bits of objects_
    Sink& sink_;
    std::size_t depth_ = 0;
    std::uint64_t objects_ = 0; // bit n: container n is an object
    want want_ = want::value;
};

} // namespace gateway::json
