// Appends many pieces to a string: heads, log lines. Pure, inline.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace gateway {

namespace detail {
template <std::size_t size>
constexpr std::string_view as_piece(const char (&literal)[size]) {
    return {literal, size - 1};
}
constexpr std::string_view as_piece(std::string_view text) {
    return text;
}
template <class... Pieces>
std::size_t bytes_of(const Pieces&... pieces) {
    return (as_piece(pieces).size() + ...);
}
/// Gives the end of the written pieces.
template <class... Pieces>
char* copy(char* to, const Pieces&... pieces) {
    const auto put = [&to](std::string_view piece) __attribute__((always_inline)) {
        if (piece.empty()) return;                   // its pointer may be null
        std::memcpy(to, piece.data(), piece.size()); // for a literal: one or two move instructions
        to += piece.size();
    };
    (put(as_piece(pieces)), ...);
    return to;
}
} // namespace detail

/// Appends many pieces to a string. Until close() the string is longer than its text and must not be used, so
/// that a piece costs only a comparison and the copy; append() costs thirty instructions more, and a head has
/// forty pieces. Does not reallocate while the string's capacity suffices.
class string_appender {
public:
    /// `at_once_bytes`: how much of the string's capacity is made usable at a time.
    explicit string_appender(std::string& out, std::size_t at_once_bytes = 512) : out_(&out) {
        const std::size_t size = out.size();
        out.resize(std::min(out.capacity(), size + at_once_bytes));
        use_from(size);
    }
    ~string_appender() { close(); }
    string_appender(const string_appender&) = delete;
    string_appender& operator=(const string_appender&) = delete;

    /// Takes literals, string_views, and types that convert to one.
    template <class... Pieces>
    void put(const Pieces&... pieces) {
        const std::size_t bytes = detail::bytes_of(pieces...);
        if (static_cast<std::size_t>(end_ - at_) < bytes) grow(bytes);
        at_ = detail::copy(at_, pieces...);
    }
    /// Cuts the string after the last piece, so that its owner can use it again. Call nothing else
    /// afterwards.
    void close() {
        if (out_) out_->resize(size());
        out_ = nullptr;
    }

private:
    std::size_t size() const { return static_cast<std::size_t>(at_ - out_->data()); }
    void use_from(std::size_t size) {
        at_ = out_->data() + size;
        end_ = out_->data() + out_->size();
    }
    [[gnu::noinline]] void grow(std::size_t bytes) {
        const std::size_t at = size(), least = at + bytes, ample = std::max(2 * out_->size(), least);
        out_->resize(least <= out_->capacity() ? std::min(ample, out_->capacity()) : ample);
        use_from(at);
    }

    std::string* out_;
    char* at_ = nullptr;
    char* end_ = nullptr; // end of the writable memory
};

/// For a few pieces: checks the capacity once for all of them.
template <class String, class... Pieces>
inline void append_all(String& out, const Pieces&... pieces) {
    const std::size_t at = out.size();
    out.resize(at + detail::bytes_of(pieces...));
    detail::copy(out.data() + at, pieces...);
}

} // namespace gateway
