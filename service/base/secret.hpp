// A secret string: it cannot be printed, compared with == or copied by accident, and its destructor wipes it.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace gateway {

class secret {
public:
    secret() = default;
    explicit secret(std::string text) : text_(std::move(text)) {}
    secret(const secret&) = delete;
    secret& operator=(const secret&) = delete;
    secret(secret&& other) noexcept;
    secret& operator=(secret&& other) noexcept;
    ~secret() { wipe(); }

    /// The only way to read it; search for this name to find every use.
    std::string_view reveal() const { return text_; }
    secret copy() const { return secret{std::string(text_)}; }
    bool empty() const { return text_.empty(); }
    std::size_t size() const { return text_.size(); }

    /// Replaces the text, in the same memory if that is large enough: `write` appends up to `bytes_max` bytes
    /// to a string.
    template <class Write>
    void compose(std::size_t bytes_max, Write write) {
        wipe();
        text_.reserve(bytes_max); // now, because memory that a growing string frees is not wiped
        write(text_);
    }
    std::size_t capacity() const { return text_.capacity(); }

    /// Takes time that depends only on the lengths.
    bool equals(std::string_view other) const;
    void wipe() noexcept;
    /// Wipes the text and frees its memory.
    void release() noexcept;

private:
    std::string text_;
};

/// Wipes a buffer that the caller owns; data() must not be null.
void wipe_bytes(std::span<char> bytes) noexcept;

/// Constant time for equal lengths.
bool equal_in_constant_time(std::string_view a, std::string_view b);

} // namespace gateway
