// A string that must not be seen: it cannot be printed, compared with == or copied by accident, and it wipes
// itself.
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

    /// The one way to read it; search for this word to see every use.
    std::string_view reveal() const { return text_; }
    secret copy() const { return secret{std::string(text_)}; }
    bool empty() const { return text_.empty(); }
    std::size_t size() const { return text_.size(); }

    /// Written anew, in the same memory if it is large enough: `write` appends up to `bytes_max` to a string.
    template <class Write>
    void compose(std::size_t bytes_max, Write write) {
        wipe();
        text_.reserve(bytes_max); // now: what a string leaves behind as it grows is not wiped
        write(text_);
    }
    std::size_t capacity() const { return text_.capacity(); }

    /// Takes time that depends on the lengths only.
    bool equals(std::string_view other) const;
    void wipe() noexcept;
    /// Wipes, and gives the memory back.
    void release() noexcept;

private:
    std::string text_;
};

/// For a secret in somebody else's memory, which is some: not at null.
void wipe_bytes(std::span<char> bytes) noexcept;

/// Constant time for equal lengths.
bool equal_in_constant_time(std::string_view a, std::string_view b);

} // namespace gateway
