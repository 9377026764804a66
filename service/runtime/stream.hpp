// One TCP connection, plain or TLS, client or server side. TLS runs over a BIO of our own: received bytes go
// straight to OpenSSL, its output collects in one vector, and each write call is one socket write. Every wait
// has a deadline in the worker's sweep; no timer per operation. Owned by one coroutine at a time, on one
// worker, never touched from another thread (P05). Not movable: OpenSSL and the sweep point at it.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

struct ssl_st;
struct ssl_ctx_st;

namespace boost::asio {
template <typename Protocol, typename Executor>
class basic_stream_socket;
namespace ip {
class tcp;
template <typename InternetProtocol>
class basic_endpoint;
} // namespace ip
} // namespace boost::asio

namespace gateway {

class worker;
using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, executor_type>;
using tcp_endpoint = boost::asio::ip::basic_endpoint<boost::asio::ip::tcp>;

/// Errors beside those of the system (connection_reset, …).
enum class stream_errc {
    timed_out = 1, // the deadline passed
    truncated,     // TLS: the connection ended without close_notify, which never counts as the end of a body
                   // (U05, C22)
    tls,           // the peer's TLS or certificate is not acceptable; see tls_problem()
    closed,        // this side has closed it, or an earlier failure left it unusable
    plain_text     // the peer sends text where a ClientHello is due, such as an HTTP request
};
boost::system::error_code make_error_code(stream_errc e);

template <class T>
using io_result = boost::system::result<T>;

struct ssl_deleter {
    void operator()(ssl_st* ssl) const;
    void operator()(ssl_ctx_st* context) const;
};
using ssl_pointer = std::unique_ptr<ssl_st, ssl_deleter>;
using ssl_context_pointer = std::unique_ptr<ssl_ctx_st, ssl_deleter>;

enum class tls_role { client, server };

class stream {
public:
    /// Not connected yet.
    explicit stream(worker& home);
    /// An accepted socket, whose executor is `home`'s.
    stream(worker& home, tcp_socket&& socket);
    ~stream(); // close()
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    task<io_result<void>> connect(const tcp_endpoint& to, deadline until);
    /// Server side, before handshake(): waits until the first record has come whole, so that a client that
    /// never completes its ClientHello costs the bytes it has sent and no more. Gives the record, valid until
    /// handshake(). After `plain_text` the stream can still be written, without TLS.
    task<io_result<std::string_view>> receive_hello(deadline until);
    /// Turns the stream into a TLS one. `ssl` comes configured (certificate, or name to verify and SNI). A
    /// client's last handshake message is sent together with its first write.
    task<io_result<void>> handshake(ssl_pointer ssl, tls_role role, deadline until);

    /// At least one byte, or 0 at the clean end (FIN on a plain stream, close_notify on TLS). A read that
    /// timed out consumed nothing: the stream can still be written and read.
    task<io_result<std::size_t>> read_some(std::span<char> space, deadline until);
    /// Writes all bytes, in one socket write if the socket accepts them. After a failure the stream is
    /// unusable for writing.
    task<io_result<void>> write(std::string_view bytes, deadline until);
    enum class wrote { all, answered };
    /// Like write, but stops as soon as the peer has sent application bytes or has ended: then `answered`,
    /// and the stream can only be read. For uploads that an early answer must stop.
    task<io_result<wrote>> write_unless_answered(std::string_view first, std::string_view second,
                                                 deadline until);

    /// Over TLS: frees the memory for reading and writing, and waits until bytes come; for connections that
    /// have been idle for a while. Returns at once if a part of a record has come.
    task<io_result<void>> wait_for_input(deadline until);

    enum class input { none, bytes, ended };
    /// What a read would find, without waiting and without consuming application bytes.
    input look();

    /// Sends close_notify and FIN, then discards what still arrives until the peer ends too or `until`
    /// passes, so that a reset does not destroy the last answer. Then closes.
    task<void> finish(deadline until);
    /// Closes at once; sends close_notify if the socket accepts it without waiting. Unread input is discarded
    /// first (a bounded amount): the kernel would answer it with a reset, and the peer might lose the last
    /// bytes we sent.
    void close();
    /// Ends the current wait with operation_aborted; an operation that is already complete stays complete.
    /// The stream can still be written and read.
    void cancel();
    /// Like cancel(), and the current operation also stops if one of its waits had just ended, as a TLS
    /// record may arrive in many pieces. The stream can still be written and read.
    void abandon();
    /// Whether the kernel holds unread input. Consumes nothing, so it may be called while a read waits.
    bool has_unread_input() const;
    bool is_open() const;

    /// Bytes the kernel has accepted for sending since the last handshake or connect. With TLS these are
    /// encrypted bytes.
    std::uint64_t sent_bytes() const;
    /// Frees buffers that a large message made grow, and on the server side of TLS those that were sent from;
    /// call between operations, when the connection becomes idle.
    void relax();

    /// The session of this connection was resumed (TLS).
    bool resumed() const;
    /// OpenSSL's text for the failure, for the log; contains no bytes of the peer.
    const std::string& tls_problem() const;
    /// Whether the peer has closed its side, or reset the connection, also if bytes of it are still unread.
    bool peer_has_closed() const;
    tcp_socket& socket();
    const tcp_socket& socket() const;

private:
    friend class stream_reading; // stream_steps.hpp
    friend class stream_sending;
    friend class stream_writing;
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway

template <>
struct boost::system::is_error_code_enum<gateway::stream_errc> : std::true_type {};
