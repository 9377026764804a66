// Digests, random bytes, and bytes as hex, base64 and base64url. Pure, thread-safe; uses OpenSSL.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace gateway {

using sha256_bytes = std::array<unsigned char, 32>;

sha256_bytes sha256(std::string_view bytes);
sha256_bytes hmac_sha256(std::string_view key, std::string_view bytes);

/// SHA-256 of a text that arrives in pieces.
class sha256_stream {
public:
    sha256_stream();
    void update(std::string_view piece);
    /// Ends the stream; call once.
    sha256_bytes finish();

private:
    struct context_deleter {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, context_deleter> context_;
};

/// `count` bytes of OpenSSL's generator; throws if it fails, because nothing is secure then.
std::string random_bytes(std::size_t count);

std::string to_hex(std::string_view bytes);
std::string to_hex(const sha256_bytes& bytes);
std::optional<std::string> from_hex(std::string_view text);
std::string to_base64(std::string_view bytes);
/// Strict: padding required, no white space.
std::optional<std::string> from_base64(std::string_view text);
/// RFC 4648 §5 without padding.
std::string to_base64url(std::string_view bytes);
/// As strict: no padding, no white space.
std::optional<std::string> from_base64url(std::string_view text);

inline std::string_view as_text(const sha256_bytes& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace gateway
