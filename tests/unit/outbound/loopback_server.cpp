#include "unit/outbound/loopback_server.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <csignal>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace gateway::testing {
namespace {

SSL_CTX* make_context(const identity& who, int version_max) {
    SSL_CTX* const context = SSL_CTX_new(TLS_server_method());
    const std::unique_ptr<BIO, decltype(&BIO_free)> certificate(
        BIO_new_mem_buf(who.certificate_pem.data(), static_cast<int>(who.certificate_pem.size())), &BIO_free);
    const std::unique_ptr<BIO, decltype(&BIO_free)> key(
        BIO_new_mem_buf(who.key_pem.data(), static_cast<int>(who.key_pem.size())), &BIO_free);
    const std::unique_ptr<X509, decltype(&X509_free)> x509(
        PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr), &X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> private_key(
        PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr), &EVP_PKEY_free);
    if (SSL_CTX_use_certificate(context, x509.get()) != 1
        || SSL_CTX_use_PrivateKey(context, private_key.get()) != 1)
        throw std::runtime_error("the test's certificate cannot be used");
    if (version_max != 0) {
        SSL_CTX_set_security_level(context, 0);
        SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context, version_max);
    }
    SSL_CTX_set_mode(context, SSL_MODE_AUTO_RETRY);
    return context;
}

sockaddr_in where(const std::string& address, std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
    return to;
}

} // namespace

peer::~peer() {
    SSL_free(ssl_);
}

std::string peer::server_name() const {
    const char* const name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
}

bool peer::resumed() const {
    return SSL_session_reused(ssl_) == 1;
}

std::string peer::read_some() {
    if (!surplus_.empty()) return std::exchange(surplus_, {});
    std::array<char, 16 * 1024> bytes;
    const int n = SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    ERR_clear_error();
    if (n <= 0) throw peer_gone();
    return {bytes.data(), static_cast<std::size_t>(n)};
}

std::string peer::read_head() {
    std::string all;
    for (;;) {
        all += read_some();
        const auto end = all.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        surplus_ = all.substr(end + 4);
        return all.substr(0, end + 4);
    }
}

void peer::read_exactly(std::size_t bytes) {
    while (bytes > 0) {
        const auto piece = read_some();
        if (piece.size() > bytes) surplus_ = piece.substr(bytes);
        bytes -= std::min(bytes, piece.size());
    }
}

void peer::write(std::string_view bytes) {
    if (bytes.empty()) return;
    const int n = SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    ERR_clear_error();
    if (n <= 0) throw peer_gone();
}

void peer::wait_for_end() {
    try {
        for (;;)
            read_some();
    } catch (const peer_gone&) {
    }
}

void peer::close_politely() {
    SSL_shutdown(ssl_);
    ERR_clear_error();
    ::shutdown(descriptor_, SHUT_WR);
}

void peer::close_rudely() {
    ::shutdown(descriptor_, SHUT_RDWR);
}

void peer::reset() {
    const linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    throw peer_gone(); // the opener closes the descriptor
}

loopback_server::loopback_server(const identity& who, script play, const server_options& options)
    : play_(std::move(play)), options_(options), context_(make_context(who, options.version_max)) {
    std::signal(SIGPIPE, SIG_IGN); // OpenSSL's socket BIO has no MSG_NOSIGNAL
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto at = where(options.address, options.port);
    auto* const name = reinterpret_cast<sockaddr*>(&at);
    socklen_t size = sizeof at;
    if (::bind(listener_, name, size) != 0 || ::listen(listener_, 64) != 0
        || ::getsockname(listener_, name, &size) != 0)
        throw std::runtime_error("cannot listen on loopback");
    port_ = ntohs(at.sin_port);
    if (options_.answers) acceptor_ = std::thread([this] { accept_all(); });
}

loopback_server::~loopback_server() {
    ::shutdown(listener_, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    {
        const std::lock_guard lock(mutex_);
        for (const int descriptor : open_)
            ::shutdown(descriptor, SHUT_RDWR);
    }
    for (auto& thread : threads_)
        thread.join();
    ::close(listener_);
    SSL_CTX_free(context_);
}

void loopback_server::accept_all() {
    for (;;) {
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (descriptor < 0 && errno == EMFILE) {
            std::this_thread::yield(); // a test uses all descriptors for a moment
            continue;
        }
        if (descriptor < 0) return;
        const std::lock_guard lock(mutex_);
        open_.push_back(descriptor);
        threads_.emplace_back([this, descriptor] { serve(descriptor); });
    }
}

void loopback_server::serve(int descriptor) {
    const int at_once = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    SSL* const ssl = SSL_new(context_);
    SSL_set_fd(ssl, descriptor);
    const bool shook = SSL_accept(ssl) == 1;
    ERR_clear_error();
    peer client(descriptor, ssl, shook ? ++connections_ : 0);
    try {
        if (shook) play_(client);
    } catch (const peer_gone&) {
    }
    const std::lock_guard lock(mutex_);
    std::erase(open_, descriptor);
    ::close(descriptor);
}

} // namespace gateway::testing
