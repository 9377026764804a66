// What TLS may be, in both directions: the versions, groups and suites of the server's and of the client's
// context.
#pragma once

struct ssl_ctx_st;

namespace gateway {

/// TLS 1.2 and 1.3; key exchange over X25519, P-256 or P-384; only suites with an AEAD and a fresh key; no
/// renegotiation. OpenSSL's default groups hold ffdhe2048 to ffdhe8192, and a ClientHello that names one of
/// them costs the server a hundred times as much as its sender (CVE-2022-40735, C21). Throws
/// std::runtime_error if this OpenSSL lacks one of them.
void apply_tls_rules(ssl_ctx_st* context);

} // namespace gateway
