// The implementation of stream, for stream*.cpp and stream_steps.hpp only: socket, TLS engine and the bytes
// between them. The engine part (stream_tls.cpp) does no I/O: it moves bytes between OpenSSL and two buffers.
#pragma once
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

    bool empty() const { return begin == end; }
    /// Space for one receive; grows when the last one filled it. Call only when empty: OpenSSL reads
    /// everything before it asks for more.
    std::span<char> space();
    std::size_t take(char* to, std::size_t bytes);
    bool filled = false;
};

/// What the BIO reads from and writes to.
struct tls_bytes {
    inbox received;
    std::vector<char> collected; // OpenSSL's output since the last send
};

struct stream::state final : tls_bytes, private deadline_sweep::entry {
    explicit state(worker& of) : home(of), socket(of.executor()) {}
    state(worker& of, tcp_socket&& accepted) : home(of), socket(std::move(accepted)) {}
    ~state() override;

    worker& home;
    tcp_socket socket;
    ssl_pointer ssl;
    std::vector<char> sending; // the bytes of the current socket write: not changed until it ends
    std::uint64_t sent = 0;
    std::string problem;
    bool expired = false;      // the sweep has cancelled the current operation
    bool abandoned = false;    // … and so has abandon()
    bool write_broken = false; // a record or text was sent in part
    bool peer_ended = false;   // FIN was read
    bool shook_hands = false;

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
