#include "outbound/tls_client_context.hpp"

#include "base/named_files.hpp"
#include "outbound/client.hpp"
#include "runtime/tls_rules.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <stdexcept>

namespace gateway::outbound {
namespace {

struct session_deleter {
    void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using session_pointer = std::unique_ptr<SSL_SESSION, session_deleter>;

// A server sends two tickets per connection; more than a handful of reconnects at once is rare.
constexpr std::size_t sessions_per_origin_max = 8;
// Upload hosts come from TikTok's answers: above this number of origins nothing is kept.
constexpr std::size_t origins_max = 64;

/// The sessions of one origin. The SSL objects hold its address, so it is never removed.
struct kept_sessions {
    std::mutex mutex;
    std::list<session_pointer> newest_first;
};

int keep_session(SSL* ssl, SSL_SESSION* session) {
    auto* const kept = static_cast<kept_sessions*>(SSL_get_app_data(ssl));
    if (!kept) return 0;
    const std::lock_guard lock(kept->mutex);
    kept->newest_first.emplace_front(session);
    if (kept->newest_first.size() > sessions_per_origin_max) kept->newest_first.pop_back();
    return 1; // we keep the reference
}

session_pointer take_session(kept_sessions& kept) {
    const std::lock_guard lock(kept.mutex);
    if (kept.newest_first.empty()) return nullptr;
    auto& newest = kept.newest_first.front();
    // A ticket of TLS 1.3 is used only once, so that no observer can link two connections (RFC 8446 C.4).
    if (SSL_SESSION_get_protocol_version(newest.get()) < TLS1_3_VERSION) {
        SSL_SESSION_up_ref(newest.get());
        return session_pointer(newest.get());
    }
    session_pointer taken = std::move(newest);
    kept.newest_first.pop_front();
    return taken;
}

/// The same as the macro SSL_set_tlsext_host_name, without its old-style cast.
bool send_server_name(SSL* ssl, std::string name) {
    return SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

void trust(SSL_CTX* context, const std::string& ca_file) {
    ERR_clear_error();
    if (ca_file.empty()) {
        if (SSL_CTX_set_default_verify_paths(context) != 1)
            throw std::runtime_error("the system's trust store cannot be used");
        return;
    }
    if (const auto wrong = describe_unreadable(ca_file, authorities_bytes_max); !wrong.empty())
        throw std::runtime_error(ca_file + " " + wrong);
    if (SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr) != 1) {
        ERR_clear_error();
        throw std::runtime_error(ca_file + ": no PEM certificates that can be used");
    }
    // Revocation lists in the same file are applied.
    X509_STORE* const store = SSL_CTX_get_cert_store(context);
    const auto* const objects = X509_STORE_get0_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i)
        if (X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, i)) == X509_LU_CRL)
            X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
}

} // namespace

struct tls_client_context::state {
    ssl_context_pointer context{SSL_CTX_new(TLS_client_method())};
    mutable std::mutex mutex; // of the map; each origin has its own for its sessions
    mutable std::map<origin, kept_sessions> origins;

    ~state() {
        if (context) SSL_CTX_sess_set_new_cb(context.get(), nullptr);
    }
    kept_sessions* sessions_of(const origin& to) const {
        const std::lock_guard lock(mutex);
        const auto found = origins.find(to);
        if (found != origins.end()) return &found->second;
        return origins.size() < origins_max ? &origins[to] : nullptr;
    }
};

tls_client_context::tls_client_context(const std::string& ca_file) : state_(std::make_unique<state>()) {
    SSL_CTX* const context = state_->context.get();
    if (!context) throw std::runtime_error("TLS: no context");
    SSL_CTX_set_read_ahead(context, 1); // read a record's head and body in one read
    apply_tls_rules(context);
    SSL_CTX_set_options(context, SSL_OP_CLEANSE_PLAINTEXT); // it held tokens
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep_session);
    constexpr std::array<unsigned char, 9> http_1_1{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    SSL_CTX_set_alpn_protos(context, http_1_1.data(), http_1_1.size());
    trust(context, ca_file);
}

tls_client_context::~tls_client_context() = default;

ssl_pointer tls_client_context::make(const origin& to) const {
    ERR_clear_error();
    ssl_pointer ssl(SSL_new(state_->context.get()));
    if (!ssl) return ssl;
    X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl.get());
    boost::system::error_code not_an_address;
    boost::asio::ip::make_address(to.host, not_an_address);
    bool named = false;
    if (not_an_address) {
        // Names come from the SAN alone (RFC 9525 §2): OpenSSL would take the subject's CN of a certificate
        // without one.
        X509_VERIFY_PARAM_set_hostflags(
            rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        named = send_server_name(ssl.get(), to.host)
                && X509_VERIFY_PARAM_set1_host(rules, to.host.data(), to.host.size()) == 1;
    } else {
        named = X509_VERIFY_PARAM_set1_ip_asc(rules, to.host.c_str()) == 1;
    }
    if (!named) return nullptr; // never make a connection whose name is not verified
    if (kept_sessions* const kept = state_->sessions_of(to)) {
        SSL_set_app_data(ssl.get(), kept);
        if (const auto session = take_session(*kept)) SSL_set_session(ssl.get(), session.get());
    }
    return ssl;
}

} // namespace gateway::outbound
