#include "base/digest.hpp"

#include "base/text.hpp"

#include <boost/algorithm/hex.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace gateway {
namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

/// Fetched once: EVP_sha256() would look up its implementation for every digest, which costs more than the
/// digest of a short text. Read-only afterwards, so any thread may use it.
const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return fetched ? fetched : EVP_sha256();
}

} // namespace

void sha256_stream::context_deleter::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

sha256_stream::sha256_stream() : context_(EVP_MD_CTX_new()) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), sha256_algorithm(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-256");
}

void sha256_stream::update(std::string_view piece) {
    EVP_DigestUpdate(context_.get(), piece.data(), piece.size());
}

sha256_bytes sha256_stream::finish() {
    sha256_bytes out{};
    EVP_DigestFinal_ex(context_.get(), out.data(), nullptr);
    return out;
}

sha256_bytes sha256(std::string_view bytes) {
    sha256_bytes out{};
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), nullptr, sha256_algorithm(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-256");
    return out;
}

sha256_bytes hmac_sha256(std::string_view key, std::string_view bytes) {
    sha256_bytes out{};
    unsigned int length = 0;
    if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes_of(bytes), bytes.size(),
              out.data(), &length))
        throw std::runtime_error("OpenSSL has no HMAC");
    return out;
}

std::string random_bytes(std::size_t count) {
    std::string out(count, '\0');
    if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(count)) != 1)
        throw std::runtime_error("no random bytes");
    return out;
}

std::string to_hex(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    boost::algorithm::hex_lower(bytes, std::back_inserter(out));
    return out;
}

std::string to_hex(const sha256_bytes& bytes) {
    return to_hex(as_text(bytes));
}

std::optional<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return std::nullopt;
    std::string out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        out.push_back(static_cast<char>(high * 16 + low));
    }
    return out;
}

std::string to_base64(std::string_view bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0'); // EVP_EncodeBlock appends a zero byte
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes),
                                       static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

std::optional<std::string> from_base64(std::string_view text) {
    // EVP_DecodeBlock ignores white space and accepts wrong padding, so the form is checked first.
    if (text.size() % 4 != 0) return std::nullopt;
    const std::size_t digits = text.find_last_not_of('=') + 1, padding = text.size() - digits;
    const auto is_base64_digit = [](char c) { return is_alphanumeric(c) || c == '+' || c == '/'; };
    if (padding > 2 || !consists_of(text.substr(0, digits), is_base64_digit)) return std::nullopt;
    if (text.empty()) return std::string{};
    std::string out(text.size() / 4 * 3, '\0');
    const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(text),
                                       static_cast<int>(text.size()));
    if (length < 0) return std::nullopt;
    out.resize(static_cast<std::size_t>(length) - padding);
    return out;
}

std::string to_base64url(std::string_view bytes) {
    std::string out = to_base64(bytes);
    out.resize(out.find_last_not_of('=') + 1);
    std::replace(out.begin(), out.end(), '+', '-');
    std::replace(out.begin(), out.end(), '/', '_');
    return out;
}

std::optional<std::string> from_base64url(std::string_view text) {
    if (text.find_first_of("+/=") != std::string_view::npos || text.size() % 4 == 1) return std::nullopt;
    std::string padded(text);
    std::replace(padded.begin(), padded.end(), '-', '+');
    std::replace(padded.begin(), padded.end(), '_', '/');
    padded.append((4 - padded.size() % 4) % 4, '=');
    return from_base64(padded);
}

} // namespace gateway
