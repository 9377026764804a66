#include "harness/raw_socket.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace harness {

using gateway::milliseconds;
using gateway::steady_now;
using gateway::steady_time;

struct raw_socket::tls {
    SSL_CTX* context = nullptr;
    SSL* session = nullptr;
    ~tls() {
        SSL_free(session);
        SSL_CTX_free(context);
    }
};

namespace {

int connect_to(std::uint16_t port) {
    const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (made < 0 || connect(made, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
        const std::error_code why(errno, std::generic_category());
        if (made >= 0) close(made);
        throw std::system_error(why, "cannot connect to port " + std::to_string(port));
    }
    const int on = 1;
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return made;
}

/// The length of the whole answer at the beginning of `text`; npos while it is unknown.
std::size_t answer_length(std::string_view text) {
    const auto head = text.find("\r\n\r\n");
    if (head == std::string_view::npos) return std::string_view::npos;
    std::string lower(text.substr(0, head + 2));
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool bodiless = lower.find(" 100 ") == 8 || lower.find(" 204 ") == 8 || lower.find(" 304 ") == 8;
    if (bodiless) return head + 4;
    const auto field = lower.find("\r\ncontent-length:");
    if (field == std::string::npos) return std::string_view::npos;
    return head + 4 + std::stoul(lower.substr(field + 17));
}

} // namespace

raw_socket::raw_socket(std::uint16_t port, std::shared_ptr<transcript> heard)
    : descriptor_(connect_to(port)), heard_(std::move(heard)) {
    fcntl(descriptor_, F_SETFL, O_NONBLOCK);
}

raw_socket::raw_socket(std::uint16_t port, const std::string& ca_file, const std::string& name)
    : descriptor_(connect_to(port)), tls_(std::make_unique<tls>()) {
    timeval patience{20, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    tls_->context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_load_verify_file(tls_->context, ca_file.c_str());
    SSL_CTX_set_verify(tls_->context, SSL_VERIFY_PEER, nullptr);
    tls_->session = SSL_new(tls_->context);
    // Not the macro SSL_set_tlsext_host_name, which contains an old-style cast.
    std::string sni = name;
    SSL_ctrl(tls_->session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sni.data());
    SSL_set_fd(tls_->session, descriptor_);
    if (SSL_connect(tls_->session) != 1) throw std::runtime_error("TLS handshake failed");
}

raw_socket::~raw_socket() {
    if (descriptor_ >= 0) close(descriptor_);
}

bool raw_socket::wait_for(short events, steady_time until) const {
    while (true) {
        const auto left = std::chrono::duration_cast<milliseconds>(until - steady_now()).count();
        pollfd ready{descriptor_, events, 0};
        const int found = poll(&ready, 1, static_cast<int>(std::max<long>(0, left)));
        if (found < 0 && errno == EINTR) continue;
        return found > 0;
    }
}

bool raw_socket::send(std::string_view bytes, milliseconds wait) {
    const steady_time until = steady_now() + wait;
    if (tls_) return SSL_write(tls_->session, bytes.data(), static_cast<int>(bytes.size())) > 0;
    while (!bytes.empty()) {
        if (!wait_for(POLLOUT, until)) return false;
        const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (sent < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::string raw_socket::take_waiting() {
    std::string taken;
    taken.swap(waiting_);
    return taken;
}

std::string raw_socket::receive(milliseconds wait) {
    if (!waiting_.empty()) return take_waiting();
    if (ended_) return {};
    std::string space(65536, '\0');
    const steady_time until = steady_now() + wait;
    while (true) {
        if (tls_) {
            const int got = SSL_read(tls_->session, space.data(), static_cast<int>(space.size()));
            ended_ = got <= 0;
            space.resize(ended_ ? 0 : static_cast<std::size_t>(got));
            return space;
        }
        if (!wait_for(POLLIN, until)) return {};
        const auto got = recv(descriptor_, space.data(), space.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        ended_ = got <= 0;
        space.resize(ended_ ? 0 : static_cast<std::size_t>(got));
        if (heard_) heard_->add(space);
        return space;
    }
}

std::string raw_socket::receive_all(milliseconds wait) {
    const steady_time until = steady_now() + wait;
    std::string all = take_waiting();
    while (!ended_ && steady_now() < until)
        all += receive(std::chrono::duration_cast<milliseconds>(until - steady_now()));
    return all;
}

std::string raw_socket::receive_until(std::string_view text, milliseconds wait) {
    const steady_time until = steady_now() + wait;
    std::string all = take_waiting();
    while (all.find(text) == std::string::npos && !ended_ && steady_now() < until)
        all += receive(std::chrono::duration_cast<milliseconds>(until - steady_now()));
    return all;
}

std::string raw_socket::receive_answer(milliseconds wait) {
    const steady_time until = steady_now() + wait;
    std::string all = take_waiting();
    while (true) {
        const auto length = answer_length(all);
        if (length != std::string::npos && all.size() >= length) {
            waiting_ = all.substr(length);
            return all.substr(0, length);
        }
        if (ended_ || steady_now() >= until) return all;
        all += receive(std::chrono::duration_cast<milliseconds>(until - steady_now()));
    }
}

bool raw_socket::is_closed_by_peer(milliseconds wait) {
    const steady_time until = steady_now() + wait;
    while (!ended_ && steady_now() < until) {
        const std::string more = receive(std::chrono::duration_cast<milliseconds>(until - steady_now()));
        if (more.empty()) break;
    }
    return ended_;
}

void raw_socket::end_sending() {
    shutdown(descriptor_, SHUT_WR);
}

void raw_socket::reset() {
    const linger now{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(descriptor_);
    descriptor_ = -1;
    ended_ = true;
}

} // namespace harness
