// The implementation of stream, for stream*.cpp and stream_steps.hpp only: socket, TLS engine and the bytes
// between them. The engine part (stream_tls.cpp) does no I/O: it moves bytes between OpenSSL and two buffers.
#pragma once
#include "base/memory/worker_memory.hpp"
#include "runtime/deadline_sweep.hpp"
#include "runtime/stream.hpp"
#include "runtime/worker.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// Encrypted bytes that have arrived and that OpenSSL has not read yet.
struct inbox {
    std::vector<char> memory;
    std::size_t begin = 0, end = 0;
    std::size_t first_bytes = 4 * 1024; // enough for most answers

    bool empty() const { return begin == end; }
    std::string_view bytes() const { return {memory.data() + begin, end - begin}; }
    /// Space for one receive; grows when the last one filled it. Call only when empty: OpenSSL reads
    /// everything before it asks for more.
    std::span<char> space();
    /// Space behind the bytes that are there, for the rest of one record of which nothing was taken yet:
    /// never beyond its end, once its length is there.
    std::span<char> more_space();
    std::size_t take(char* to, std::size_t bytes);
    /// Drops the bytes and frees the memory.
    void release();
    bool filled = false;
};

/// What the first bytes of a connection to a TLS port are.
enum class hello : std::uint8_t {
    part,  // the beginning of a record
    whole, // a whole record
    text,  // of another protocol, such as HTTP
    other
};
hello look_at_hello(std::string_view bytes);

/// Bytes on their way to the socket; their memory goes back to the worker when a connection becomes idle. A
/// string, because a vector with another allocator handles each byte by itself.
using outgoing_bytes = worker_string;

/// What the BIO reads from and writes to.
struct tls_bytes {
    inbox received;
    outgoing_bytes collected; // OpenSSL's output since the last send
};

struct stream::state final : tls_bytes, private deadline_sweep::entry {
    explicit state(worker& of) : home(of), socket(of.executor()) {}
    state(worker& of, tcp_socket&& accepted) : home(of), socket(std::move(accepted)) {}
    ~state() override;

    worker& home;
    tcp_socket socket;
    ssl_pointer ssl;
    outgoing_bytes sending; // the bytes of the current socket write: not changed until it ends
    std::uint64_t sent = 0;
    std::string problem;
    bool expired = false;      // the sweep has cancelled the current operation
    bool abandoned = false;    // … and so has abandon()
    bool write_broken = false; // a record or text was sent in part
    bool peer_ended = false;   // FIN was read
    bool shook_hands = false;
    bool serves_tls = false; // the server side of TLS

    // Watching for an early answer while writing.
    struct watch_link {
        state* owner;
    };
    std::shared_ptr<watch_link>
        watch; // shared with the pending wait, which may stay in the loop after the stream is destroyed
    bool watch_pending = false;
    bool watching = false;
    bool answered = false;
    void begin_watch();
    void end_watch() { watching = false; }
    void on_readable();
    input look();

    /// The operation has a deadline while this object exists. `passed`: do not start.
    class timing {
    public:
        timing(state& of, deadline until) : of_(of), passed(until.passed(coarse_steady_now())) {
            of_.expired = passed;
            of_.abandoned = false;
            if (!passed) of_.arm(of_.home.sweep(), until);
        }
        ~timing() { of_.disarm(); }
        timing(const timing&) = delete;
        timing& operator=(const timing&) = delete;

    private:
        state& of_;

    public:
        const bool passed;
    };
    /// Checked before each socket operation after the first: the sweep, the watch or abandon() may have
    /// cancelled between the end of one operation and the start of the next, and each cancels only once.
    boost::system::error_code stopped() const;
    /// The system's error, or ours where the sweep or this side caused it.
    boost::system::error_code cause(boost::system::error_code ec) const;

    // Socket side. The first two are called inside a timing.
    task<boost::system::error_code> receive();
    task<boost::system::error_code> flush();
    task<io_result<void>> send(std::string_view first, std::string_view second, deadline until);
    /// Handles the result of a receive.
    boost::system::error_code received_some(boost::system::error_code ec, std::size_t bytes,
                                            std::size_t room);
    /// Receives without waiting; would_block when nothing is there.
    boost::system::error_code receive_now();
    /// Sends what the socket accepts without waiting; only before a close.
    void flush_now();
    /// Reads and discards unread input, without waiting, up to a bound.
    void drop_unread();

    // Engine side (stream_tls.cpp): no I/O.
    enum class step { done, wants_input, ended, failed };
    struct moved {
        step what;
        std::size_t bytes = 0;
    };
    void begin_tls(ssl_pointer engine, tls_role role);
    step handshake_now();
    /// After the server's handshake: its buffers of records stay until release_records().
    void keep_records();
    /// Frees OpenSSL's buffers of records; only between records.
    void release_records();
    /// Whether OpenSSL has read all of the last record and nothing of the next one.
    bool is_between_records() const;
    /// True if OpenSSL could only ask for more input, a call that costs 1,000 instructions.
    bool nothing_to_decrypt() const;
    moved decrypt(std::span<char> to);
    step peek();
    bool encrypt(std::string_view bytes);
    void say_close();
    void note_problem();

private:
    void on_expired() override;
};

} // namespace gateway
