#include "runtime/tls_server.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <stdexcept>

namespace gateway {
namespace {

constexpr std::array<unsigned char, 9> http_1_1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

[[noreturn]] void refuse(const std::string& file, const char* what) {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    throw std::runtime_error(file + ": " + what + (reason ? std::string(": ") + reason : std::string()));
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    // If the client offers only protocols that we do not support, the connection continues without ALPN, and
    // the client gets an HTTP answer.
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, chosen_size, http_1_1.data(), http_1_1.size(), offered, offered_size)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

} // namespace

tls_server_context::tls_server_context(const std::string& certificate_file,
                                       const std::string& private_key_file)
    : context_(SSL_CTX_new(TLS_server_method())) {
    ERR_clear_error();
    if (!context_) refuse("TLS", "no context");
    SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
    SSL_CTX_set_options(context_.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_alpn_select_cb(context_.get(), choose_protocol, nullptr);
    if (SSL_CTX_use_certificate_chain_file(context_.get(), certificate_file.c_str()) != 1)
        refuse(certificate_file, "not a PEM certificate chain");
    if (SSL_CTX_use_PrivateKey_file(context_.get(), private_key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        refuse(private_key_file, "not a PEM private key of this certificate");
    if (SSL_CTX_check_private_key(context_.get()) != 1)
        refuse(private_key_file, "does not belong to the certificate");
}

wall_time tls_server_context::expires_at() const {
    const X509* const certificate = SSL_CTX_get0_certificate(context_.get());
    std::tm end{};
    if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return {};
    return from_unix_ms(std::int64_t{::timegm(&end)} * 1000);
}

ssl_pointer tls_server_context::make() const {
    return ssl_pointer(SSL_new(context_.get()));
}

} // namespace gateway
