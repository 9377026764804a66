#include "base/secret.hpp"

#include <openssl/crypto.h>

namespace gateway {

secret::secret(secret&& other) noexcept : text_(std::move(other.text_)) {
    other.wipe(); // a short string is copied by a move, not taken
}

secret& secret::operator=(secret&& other) noexcept {
    if (this != &other) {
        wipe();
        text_ = std::move(other.text_);
        other.wipe();
    }
    return *this;
}

void secret::wipe() noexcept {
    // A string that was moved from is empty, and a short one still holds its characters.
    if (text_.empty() && text_.capacity() > std::string().capacity()) return;
    text_.resize(text_.capacity()); // within capacity: no allocation, and the slack is wiped as well
    wipe_bytes(text_);
    text_.clear();
}

void wipe_bytes(std::span<char> bytes) noexcept {
    OPENSSL_cleanse(bytes.data(), bytes.size());
}

bool secret::equals(std::string_view other) const {
    return equal_in_constant_time(text_, other);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace gateway
