#include "runtime/tls_server.hpp"

#include "base/named_files.hpp"
#include "base/secret.hpp"
#include "runtime/tls_rules.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <optional>

namespace gateway {
namespace {

using file = tls_file_fault::file;

// The first is preferred.
constexpr std::array<unsigned char, 18> protocols{8, 'h', 't', 't', 'p', '/', '1', '.', '1',
                                                  8, 'h', 't', 't', 'p', '/', '1', '.', '0'};

[[noreturn]] void refuse(file of, const std::string& name, const std::string& what) {
    const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    throw tls_file_fault(of, name + ": " + what + (reason ? std::string(": ") + reason : std::string()));
}

/// The two files are easily mixed up. `lacking`: the word of PEM's first line that the file has not.
std::string holds_the_other(const std::string& name, std::string_view lacking, const char* words) {
    auto read = read_named_file(name, public_file_bytes_max);
    const bool is_other =
        read.text.find("-----BEGIN ") != std::string::npos && read.text.find(lacking) == std::string::npos;
    wipe_bytes(read.text);
    return is_other ? words : "";
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
    unsigned char* found = nullptr;
    if (SSL_select_next_proto(&found, chosen_size, protocols.data(), protocols.size(), offered, offered_size)
        != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

/// In place of OpenSSL's own callback, which asks on the terminal and waits for an answer.
int give_no_pass_phrase(char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
}

[[noreturn]] void refuse_encrypted(file of, const std::string& name) {
    ERR_clear_error();
    throw tls_file_fault(of, name
                                 + ": is encrypted, and nobody is asked for its pass phrase; give it without one "
                                   "(openssl pkey -in FILE -out NEW)");
}

/// Before OpenSSL, which has no words for it.
void refuse_unreadable(file of, const std::string& name) {
    if (const auto wrong = describe_unreadable(name); !wrong.empty())
        throw tls_file_fault(of, name + " " + wrong);
}

std::optional<wall_time> time_of(const ASN1_TIME* text) {
    std::tm parts{};
    if (text == nullptr || ASN1_TIME_to_tm(text, &parts) != 1) return std::nullopt;
    return from_unix_ms(std::int64_t{::timegm(&parts)} * 1000);
}

std::string wrong_dates_of(const X509* certificate, wall_time now) {
    if (const auto begin = time_of(X509_get0_notBefore(certificate)); begin && now < *begin)
        return "is not valid before " + rfc3339(*begin);
    if (const auto end = time_of(X509_get0_notAfter(certificate)); end && now > *end)
        return "expired at " + rfc3339(*end);
    return {};
}

} // namespace

tls_server_context::tls_server_context(const std::string& certificate_file,
                                       const std::string& private_key_file)
    : context_(SSL_CTX_new(TLS_server_method())) {
    ERR_clear_error();
    SSL_CTX* const context = context_.get();
    if (!context) throw std::runtime_error("TLS: no context");
    apply_tls_rules(context);
    SSL_CTX_set_options(
        context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_CLEANSE_PLAINTEXT); // it held the caller's key
    // A handshake that waits for its client holds no buffers of records.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    // Clients resume with tickets. The cache would keep 20,000 sessions of those that take none.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
    refuse_unreadable(file::certificate, certificate_file);
    refuse_unreadable(file::private_key, private_key_file);
    bool asked = false;
    SSL_CTX_set_default_passwd_cb(context, give_no_pass_phrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
        if (asked) refuse_encrypted(file::certificate, certificate_file);
        refuse(file::certificate, certificate_file,
               "not a PEM certificate chain"
                   + holds_the_other(certificate_file, "CERTIFICATE-----",
                                     " (it holds no certificate, but a key or the like)"));
    }
    if (SSL_CTX_use_PrivateKey_file(context, private_key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        if (asked) refuse_encrypted(file::private_key, private_key_file);
        refuse(file::private_key, private_key_file,
               "not a PEM private key of this certificate"
                   + holds_the_other(private_key_file, "PRIVATE KEY-----",
                                     " (it holds no private key, but a certificate or the like)"));
    }
    SSL_CTX_set_default_passwd_cb(context, nullptr);
    SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
    if (SSL_CTX_check_private_key(context) != 1)
        refuse(file::private_key, private_key_file, "does not belong to the certificate");
}

wall_time tls_server_context::expires_at() const {
    const X509* const certificate = SSL_CTX_get0_certificate(context_.get());
    return certificate ? time_of(X509_get0_notAfter(certificate)).value_or(wall_time{}) : wall_time{};
}

std::string tls_server_context::wrong_dates(wall_time now) const {
    if (auto wrong = wrong_dates_of(SSL_CTX_get0_certificate(context_.get()), now); !wrong.empty())
        return wrong;
    STACK_OF(X509)* chain = nullptr;
    SSL_CTX_get0_chain_certs(context_.get(), &chain);
    for (int i = 0; i < sk_X509_num(chain); ++i)
        if (const auto wrong = wrong_dates_of(sk_X509_value(chain, i), now); !wrong.empty())
            return "holds a certificate of its chain that " + wrong;
    return {};
}

ssl_pointer tls_server_context::make() const {
    return ssl_pointer(SSL_new(context_.get()));
}

} // namespace gateway
