#include "runtime/stream.hpp"

#include "base/memory/memory_reserve.hpp"
#include "base/secret.hpp"
#include "runtime/stream_state.hpp"
#include "runtime/stream_steps.hpp"

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace gateway {
namespace {

using boost::system::error_code;
namespace asio = boost::asio;

// The most that is encrypted and sent at a time: the text given to write() may be large, but the memory for
// it must stay small.
constexpr std::size_t encrypt_bytes_max = 128 * 1024;
// The same for clients, who are many and may be slow: one record.
constexpr std::size_t encrypt_bytes_max_for_clients = 16 * 1024;
// The most that a close reads and discards, so that a peer that never stops sending cannot delay it.
constexpr std::size_t unread_bytes_max = 256 * 1024;
// The most that each buffer of an idle connection keeps.
constexpr std::size_t idle_buffer_bytes = 8 * 1024;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor" // Boost's base class has no virtual destructor
class category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "stream"; }
    std::string message(int value) const override {
        constexpr const char* messages[] = {
            "unknown",    "the deadline passed",      "the connection ended without close_notify",
            "TLS failed", "the connection is closed", "the peer does not speak TLS"};
        return messages[value >= 1 && value <= 5 ? value : 0];
    }
};
#pragma GCC diagnostic pop

} // namespace

error_code make_error_code(stream_errc e) {
    static const category one;
    return {static_cast<int>(e), one};
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
        s.socket.close(ignored); // the next address needs a new socket
        co_return ec;
    }
    s.socket.set_option(asio::ip::tcp::no_delay(true), ec);
    co_return io_result<void>();
}

task<io_result<std::string_view>> stream::receive_hello(deadline until) {
    state& s = *state_;
    const state::timing limit(s, until);
    if (limit.passed) co_return make_error_code(stream_errc::timed_out);
    for (;;) {
        const auto seen = look_at_hello(s.received.bytes());
        if (seen == hello::text) {
            s.received.release(); // an answer is written without TLS, and what follows is discarded
            co_return make_error_code(stream_errc::plain_text);
        }
        if (seen == hello::other) {
            s.problem = "these bytes are no TLS";
            co_return make_error_code(stream_errc::tls);
        }
        if (seen == hello::whole) co_return s.received.bytes();
        const auto space = s.received.more_space();
        const auto into = asio::buffer(space.data(), space.size());
        const auto [ec, bytes] = co_await s.socket.async_read_some(into, no_throw);
        if (ec == asio::error::eof) co_return make_error_code(stream_errc::truncated);
        if (ec) co_return s.cause(ec);
        s.received.end += bytes;
        if (const auto over = s.stopped()) co_return over;
    }
}

task<io_result<void>> stream::handshake(ssl_pointer ssl, tls_role role, deadline until) {
    state& s = *state_;
    const state::timing limit(s, until);
    if (limit.passed) co_return make_error_code(stream_errc::timed_out);
    s.begin_tls(std::move(ssl), role);
    for (;;) {
        const auto did = s.handshake_now();
        if (did == state::step::failed) {
            s.flush_now(); // sends the alert with the reason
            co_return make_error_code(stream_errc::tls);
        }
        if (did == state::step::done) break;
        if (const auto ec = co_await s.flush()) co_return ec;
        if (const auto ec = co_await s.receive()) co_return ec;
        if (s.peer_ended) co_return make_error_code(stream_errc::truncated);
    }
    s.shook_hands = true;
    s.sent = 0;
    if (role == tls_role::server) {
        s.keep_records();
        if (const auto ec = co_await s.flush()) co_return ec;
    }
    co_return io_result<void>();
}

bool stream_reading::more() {
    for (;;) {
        if (sending_) {
            if (sending_->more()) return true;
            if (const auto ec = sending_->result()) end_with(ec);
            sending_.reset();
        }
        if (result_) return false;
        if (!of_.ssl) return true;
        if (!look()) return false;
        if (of_.collected.empty()) return true;
        if (of_.write_broken)
            of_.collected.clear();
        else
            sending_.emplace(of_);
    }
}

/// Whether OpenSSL has to be given more before it has something for us.
bool stream_reading::look() {
    const auto got = of_.decrypt(space_);
    switch (got.what) {
        case stream::state::step::done:
            end_with(got.bytes);
            return false;
        case stream::state::step::ended:
            end_with(std::size_t{0});
            return false;
        case stream::state::step::failed:
            end_with(make_error_code(stream_errc::tls));
            return false;
        case stream::state::step::wants_input:
            break;
    }
    if (of_.peer_ended)
        end_with(make_error_code(stream_errc::truncated));
    else if (const auto over = of_.stopped())
        end_with(over);
    return !result_;
}

void stream_reading::took(error_code ec, std::size_t bytes) {
    if (sending_) {
        sending_->took(ec, bytes);
    } else if (of_.ssl) {
        if (const auto failed = of_.received_some(ec, bytes, into_.size())) end_with(failed);
    } else if (ec == asio::error::eof) {
        end_with(std::size_t{0});
    } else if (ec) {
        end_with(of_.cause(ec));
    } else {
        end_with(bytes);
    }
}

task<io_result<std::size_t>> stream::read_some(std::span<char> space, deadline until) {
    stream_reading reading(*this, space, until);
    co_return co_await reading;
}

task<io_result<void>> stream::wait_for_input(deadline until) {
    state& s = *state_;
    const state::timing limit(s, until);
    if (limit.passed) co_return make_error_code(stream_errc::timed_out);
    if (!s.ssl || !s.is_between_records()) co_return io_result<void>();
    s.end_watch();
    s.received.release();
    s.release_records();
    const auto [ec] = co_await s.socket.async_wait(tcp_socket::wait_read, no_throw);
    if (ec) co_return s.cause(ec);
    if (const auto over = s.stopped()) co_return over;
    co_return io_result<void>();
}

task<io_result<void>> stream::write(std::string_view bytes, deadline until) {
    state_->end_watch();
    return state_->send(bytes, {}, until);
}

task<io_result<stream::wrote>> stream::write_unless_answered(std::string_view first, std::string_view second,
                                                             deadline until) {
    state& s = *state_;
    if (!s.socket.is_open() || s.write_broken) co_return make_error_code(stream_errc::closed);
    s.answered = s.look() != input::none;
    if (s.answered) co_return wrote::answered;
    s.begin_watch();
    const auto written = co_await s.send(first, second, until);
    if (s.answered)
        co_return wrote::answered; // even if the write failed because of it: the answer can be read
    if (!written) co_return written.error();
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
        ec = co_await s.receive(); // and discard it
    s.write_broken = true;         // close_notify has been sent
    close();
}

/// Also called by the destructor.
void stream::close() {
    const memory_reserve::scope no_failure;
    state& s = *state_;
    s.end_watch();
    if (!s.socket.is_open()) return;
    if (s.ssl && !s.write_broken && s.sending.empty()) {
        s.say_close();
        s.flush_now();
    }
    s.drop_unread();
    error_code ignored;
    s.socket.close(ignored);
}

void stream::cancel() {
    error_code ignored;
    state_->socket.cancel(ignored);
}

void stream::abandon() {
    state_->abandoned = true;
    cancel();
}

bool stream::has_unread_input() const {
    char one = 0;
    return is_open() && ::recv(state_->socket.native_handle(), &one, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool stream::is_open() const {
    return state_->socket.is_open();
}
std::uint64_t stream::sent_bytes() const {
    return state_->sent;
}
bool stream::peer_has_closed() const {
    tcp_info now{};
    socklen_t size = sizeof(now);
    auto& at = const_cast<tcp_socket&>(socket()); // Asio gives the descriptor only of one that is not const
    if (getsockopt(at.native_handle(), IPPROTO_TCP, TCP_INFO, &now, &size) != 0) return true;
    return now.tcpi_state != TCP_ESTABLISHED;
}

tcp_socket& stream::socket() {
    return state_->socket;
}
const tcp_socket& stream::socket() const {
    return state_->socket;
}

void stream::relax() {
    state& s = *state_;
    // There are many idle clients and few idle connections to TikTok.
    const std::size_t kept_outgoing = s.serves_tls ? 0 : idle_buffer_bytes;
    const std::size_t kept_received = s.serves_tls ? s.received.first_bytes : idle_buffer_bytes;
    for (auto* memory : {&s.collected, &s.sending})
        if (memory->empty() && memory->capacity() > kept_outgoing) outgoing_bytes().swap(*memory);
    if (s.received.empty() && s.received.memory.size() > kept_received) s.received.release();
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
    socket.cancel(ignored); // the write, if it waits for a peer that does not read any more
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
    if (abandoned || (watching && answered)) return asio::error::operation_aborted;
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
    const auto into = asio::buffer(space.data(), space.size());
    const auto [ec, bytes] = co_await socket.async_read_some(into, no_throw);
    co_return received_some(ec, bytes, space.size());
}

error_code stream::state::received_some(error_code ec, std::size_t bytes, std::size_t room) {
    if (ec == asio::error::eof) {
        peer_ended = true;
        return {};
    }
    if (ec) return cause(ec);
    received.end = bytes;
    received.filled = bytes == room;
    return {};
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
    if (write_broken) { // a record was sent in part: nothing can be sent after it
        collected.clear();
        co_return error_code();
    }
    stream_sending left(*this);
    co_return co_await left;
}

void stream::state::flush_now() {
    if (!collected.empty())
        ::send(socket.native_handle(), collected.data(), collected.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    collected.clear();
}

void stream::state::drop_unread() {
    if (peer_ended) return;
    std::array<char, 16 * 1024> waste;
    for (std::size_t dropped = 0; dropped < unread_bytes_max;) {
        const auto n = ::recv(socket.native_handle(), waste.data(), waste.size(), MSG_DONTWAIT);
        if (n <= 0) return;
        dropped += static_cast<std::size_t>(n);
        wipe_bytes({waste.data(), static_cast<std::size_t>(n)}); // it may be a request with a key
    }
}

task<io_result<void>> stream::state::send(std::string_view first, std::string_view second, deadline until) {
    stream_writing writing(*this, first, second, until);
    if (const auto ec = co_await writing) co_return ec;
    co_return io_result<void>();
}

bool stream_sending::broken(error_code ec) {
    of_.write_broken = true;
    failure_ = ec;
    return false;
}

bool stream_sending::more() {
    if (failure_) return false;
    if (of_.ssl) {
        if (at_ == of_.sending.size() && !encrypt_next()) return false;
        pieces_[0] = asio::buffer(of_.sending.data() + at_, of_.sending.size() - at_);
    } else {
        if (first_.empty() && second_.empty()) return false;
        pieces_ = {asio::buffer(first_), asio::buffer(second_)};
    }
    const auto over = of_.stopped();
    return !over || broken(over);
}

bool stream_sending::encrypt_next() {
    of_.sending.clear();
    at_ = 0;
    const std::size_t bytes_max = of_.serves_tls ? encrypt_bytes_max_for_clients : encrypt_bytes_max;
    const auto a = first_.substr(0, bytes_max);
    const auto b = second_.substr(0, bytes_max - a.size());
    first_.remove_prefix(a.size());
    second_.remove_prefix(b.size());
    if (!of_.encrypt(a) || !of_.encrypt(b)) return broken(make_error_code(stream_errc::tls));
    of_.sending.swap(of_.collected);
    return !of_.sending.empty();
}

void stream_sending::took(error_code ec, std::size_t bytes) {
    of_.sent += bytes;
    if (of_.ssl) {
        at_ += bytes;
    } else {
        const std::size_t of_first = std::min(bytes, first_.size());
        first_.remove_prefix(of_first);
        second_.remove_prefix(bytes - of_first);
    }
    if (ec) broken(of_.cause(ec));
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
