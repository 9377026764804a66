#include "runtime/stream.hpp"

#include "runtime/stream_state.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace gateway {
namespace {

using boost::system::error_code;
namespace asio = boost::asio;

// Encrypted and sent at once: what is handed to write() may be large, the memory for it must not be.
constexpr std::size_t encrypt_bytes_max = 128 * 1024;
// An idle connection keeps no more than this in each buffer.
constexpr std::size_t idle_buffer_bytes = 8 * 1024;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor" // Boost's base has none on purpose
class category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "stream"; }
    std::string message(int value) const override {
        switch (static_cast<stream_errc>(value)) {
            case stream_errc::timed_out:
                return "the deadline passed";
            case stream_errc::truncated:
                return "the connection ended without close_notify";
            case stream_errc::tls:
                return "TLS failed";
            case stream_errc::closed:
                return "the connection is closed";
        }
        return "unknown";
    }
};
#pragma GCC diagnostic pop

} // namespace

const boost::system::error_category& stream_category() {
    static const category one;
    return one;
}

error_code make_error_code(stream_errc e) {
    return {static_cast<int>(e), stream_category()};
}

stream::stream(worker& home) : state_(std::make_unique<state>(home)) {}
stream::stream(worker& home, tcp_socket&& socket) : state_(std::make_unique<state>(home, std::move(socket))) {
    error_code ignored;
    state_->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}
stream::~stream() {
    close();
}

task<io_result<void>> stream::connect(const tcp_endpoint& to, deadline until) {
    state& s = *state_;
    const state::timing limit(s, until);
    if (limit.passed) co_return make_error_code(stream_errc::timed_out);
    auto [ec] = co_await s.socket.async_connect(to, no_throw);
    if (ec) {
        ec = s.cause(ec);
        error_code ignored;
        s.socket.close(ignored); // the next address begins with a new socket
        co_return ec;
    }
    s.socket.set_option(asio::ip::tcp::no_delay(true), ec);
    co_return io_result<void>();
}

task<io_result<void>> stream::handshake(ssl_pointer ssl, tls_role role, deadline until) {
    state& s = *state_;
    const state::timing limit(s, until);
    if (limit.passed) co_return make_error_code(stream_errc::timed_out);
    s.begin_tls(std::move(ssl), role);
    for (;;) {
        const auto did = s.shake_hands();
        if (did == state::step::failed) {
            s.flush_now(); // the alert tells the peer why
            co_return make_error_code(stream_errc::tls);
        }
        if (did == state::step::done) break;
        if (const auto ec = co_await s.flush()) co_return ec;
        if (const auto ec = co_await s.receive()) co_return ec;
        if (s.peer_ended) co_return make_error_code(stream_errc::truncated);
    }
    s.shook_hands = true;
    s.sent = 0;
    if (role == tls_role::server)
        if (const auto ec = co_await s.flush()) co_return ec;
    co_return io_result<void>();
}

task<io_result<std::size_t>> stream::read_some(std::span<char> space, deadline until) {
    state& s = *state_;
    if (!s.socket.is_open()) co_return make_error_code(stream_errc::closed);
    const state::timing limit(s, until);
    if (limit.passed) co_return make_error_code(stream_errc::timed_out);
    s.end_watch();
    if (!s.ssl) {
        const auto [ec, bytes] =
            co_await s.socket.async_read_some(asio::buffer(space.data(), space.size()), no_throw);
        if (ec == asio::error::eof) co_return std::size_t{0};
        if (ec) co_return s.cause(ec);
        co_return bytes;
    }
    for (;;) {
        const auto got = s.decrypt(space);
        if (got.what == state::step::done) co_return got.bytes;
        if (got.what == state::step::ended) co_return std::size_t{0};
        if (got.what == state::step::failed) co_return make_error_code(stream_errc::tls);
        if (s.peer_ended) co_return make_error_code(stream_errc::truncated);
        if (!s.collected.empty())
            if (const auto ec = co_await s.flush()) co_return ec;
        if (const auto ec = co_await s.receive()) co_return ec;
    }
}

task<io_result<void>> stream::write(std::string_view bytes, deadline until) {
    return write(bytes, std::string_view(), until);
}

task<io_result<void>> stream::write(std::string_view first, std::string_view second, deadline until) {
    state& s = *state_;
    if (!s.socket.is_open() || s.write_broken) co_return make_error_code(stream_errc::closed);
    const state::timing limit(s, until);
    if (limit.passed) co_return make_error_code(stream_errc::timed_out);
    s.end_watch();
    if (const auto ec = co_await s.send(first, second)) co_return ec;
    co_return io_result<void>();
}

task<io_result<stream::wrote>> stream::write_unless_answered(std::string_view first, std::string_view second,
                                                             deadline until) {
    state& s = *state_;
    if (!s.socket.is_open() || s.write_broken) co_return make_error_code(stream_errc::closed);
    const state::timing limit(s, until);
    if (limit.passed) co_return make_error_code(stream_errc::timed_out);
    s.answered = s.look() != input::none;
    if (s.answered) co_return wrote::answered;
    s.begin_watch();
    const auto ec = co_await s.send(first, second);
    if (s.answered) co_return wrote::answered; // even if the write failed for it: the answer is worth reading
    if (ec) co_return ec;
    co_return wrote::all;
}

stream::input stream::look() {
    return state_->look();
}

task<void> stream::finish(deadline until) {
    state& s = *state_;
    if (!s.socket.is_open()) co_return;
    const state::timing limit(s, until);
    s.end_watch();
    if (s.ssl && !s.write_broken && !limit.passed) {
        s.say_close();
        co_await s.flush();
    }
    error_code ec;
    s.socket.shutdown(asio::ip::tcp::socket::shutdown_send, ec);
    while (!ec && !s.expired && !s.peer_ended)
        ec = co_await s.receive(); // and nobody looks at it
    s.write_broken = true;         // close_notify has been said
    close();
}

void stream::close() {
    state& s = *state_;
    s.end_watch();
    if (!s.socket.is_open()) return;
    if (s.ssl && !s.write_broken && s.sending.empty()) {
        s.say_close();
        s.flush_now();
    }
    error_code ignored;
    s.socket.close(ignored);
}

bool stream::is_open() const {
    return state_->socket.is_open();
}
std::uint64_t stream::sent_bytes() const {
    return state_->sent;
}
bool stream::is_tls() const {
    return state_->ssl != nullptr;
}
tcp_socket& stream::socket() {
    return state_->socket;
}

void stream::relax() {
    state& s = *state_;
    for (auto* memory : {&s.collected, &s.sending})
        if (memory->empty() && memory->capacity() > idle_buffer_bytes) std::vector<char>().swap(*memory);
    if (s.received.empty() && s.received.memory.size() > idle_buffer_bytes)
        std::vector<char>().swap(s.received.memory);
}

stream::input stream::state::look() {
    if (!socket.is_open()) return input::ended;
    if (!ssl) {
        char one = 0;
        const auto n = ::recv(socket.native_handle(), &one, 1, MSG_PEEK | MSG_DONTWAIT);
        if (n > 0) return input::bytes;
        return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? input::none : input::ended;
    }
    for (;;) {
        const auto seen = peek();
        if (seen == step::done) return input::bytes;
        if (seen != step::wants_input) return input::ended;
        const auto ec = receive_now();
        if (ec == asio::error::would_block) return input::none;
        if (ec || peer_ended) return input::ended;
    }
}

void stream::state::on_readable() {
    if (!watching) return;
    if (look() == input::none) {
        begin_watch(); // a session ticket, or the first part of a record
        return;
    }
    answered = true;
    error_code ignored;
    socket.cancel(ignored); // the write, if it is stuck because nobody reads it any more
}

stream::state::~state() {
    if (watch) watch->owner = nullptr;
}

void stream::state::on_expired() {
    expired = true;
    error_code ignored;
    socket.cancel(ignored);
}

error_code stream::state::stopped() const {
    if (expired) return make_error_code(stream_errc::timed_out);
    if (watching && answered) return asio::error::operation_aborted;
    return {};
}

error_code stream::state::cause(error_code ec) const {
    if (ec != asio::error::operation_aborted) return ec;
    if (expired) return make_error_code(stream_errc::timed_out);
    return socket.is_open() ? ec : make_error_code(stream_errc::closed);
}

task<error_code> stream::state::receive() {
    if (const auto ec = stopped()) co_return ec;
    const auto space = received.space();
    const auto [ec, bytes] =
        co_await socket.async_read_some(asio::buffer(space.data(), space.size()), no_throw);
    if (ec == asio::error::eof) {
        peer_ended = true;
        co_return error_code();
    }
    if (ec) co_return cause(ec);
    received.end = bytes;
    received.filled = bytes == space.size();
    co_return error_code();
}

error_code stream::state::receive_now() {
    const auto space = received.space();
    const auto n = ::recv(socket.native_handle(), space.data(), space.size(), MSG_DONTWAIT);
    if (n < 0) return error_code(errno, boost::system::system_category());
    peer_ended = n == 0;
    received.end = static_cast<std::size_t>(n);
    received.filled = received.end == space.size();
    return {};
}

task<error_code> stream::state::flush() {
    sending.swap(collected);
    std::size_t at = 0;
    while (at < sending.size()) {
        if (const auto over = stopped()) {
            write_broken = true;
            co_return over;
        }
        const auto [ec, bytes] = co_await socket.async_write_some(
            asio::buffer(sending.data() + at, sending.size() - at), no_throw);
        at += bytes;
        sent += bytes;
        if (ec) {
            write_broken = true;
            co_return cause(ec);
        }
    }
    sending.clear();
    co_return error_code();
}

void stream::state::flush_now() {
    if (!collected.empty())
        ::send(socket.native_handle(), collected.data(), collected.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    collected.clear();
}

task<error_code> stream::state::send(std::string_view first, std::string_view second) {
    if (!ssl) {
        std::array<asio::const_buffer, 2> both{asio::buffer(first), asio::buffer(second)};
        while (both[0].size() + both[1].size() > 0) {
            if (const auto over = stopped()) {
                write_broken = true;
                co_return over;
            }
            const auto [ec, bytes] = co_await socket.async_write_some(both, no_throw);
            sent += bytes;
            if (ec) {
                write_broken = true;
                co_return cause(ec);
            }
            const std::size_t of_first = std::min(bytes, both[0].size());
            both[0] += of_first;
            both[1] += bytes - of_first;
        }
        co_return error_code();
    }
    while (!first.empty() || !second.empty()) {
        const auto a = first.substr(0, encrypt_bytes_max);
        const auto b = first.size() < encrypt_bytes_max ? second.substr(0, encrypt_bytes_max - a.size())
                                                        : std::string_view();
        first.remove_prefix(a.size());
        second.remove_prefix(b.size());
        if (!encrypt(a) || !encrypt(b)) {
            write_broken = true;
            co_return make_error_code(stream_errc::tls);
        }
        if (const auto ec = co_await flush()) co_return ec;
    }
    co_return error_code();
}

void stream::state::begin_watch() {
    watching = true;
    if (watch_pending) return;
    if (!watch) watch = std::make_shared<watch_link>(watch_link{this});
    watch_pending = true;
    socket.async_wait(tcp_socket::wait_read, [link = watch](const error_code& ec) {
        if (!link->owner) return;
        link->owner->watch_pending = false;
        if (!ec) link->owner->on_readable();
    });
}

} // namespace gateway
