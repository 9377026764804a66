#include "runtime/tls_rules.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <stdexcept>

namespace gateway {
namespace {

// Of TLS 1.2; all suites of TLS 1.3 have an AEAD. Without those that use CBC, whose padding has been an
// oracle again and again, and without RSA and finite-field key exchange.
constexpr const char* suites = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* groups = "X25519:P-256:P-384";

} // namespace

void apply_tls_rules(ssl_ctx_st* context) {
    // SSL_CTX_ctrl instead of the macro SSL_CTX_set1_groups_list, which contains an old-style cast.
    const bool taken = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1
                       && SSL_CTX_ctrl(context, SSL_CTRL_SET_GROUPS_LIST, 0, const_cast<char*>(groups)) == 1
                       && SSL_CTX_set_cipher_list(context, suites) == 1;
    if (!taken) {
        ERR_clear_error();
        throw std::runtime_error("TLS: this OpenSSL lacks a group or suite that is needed");
    }
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
}

} // namespace gateway
