// One HTTP/1.1 connection over TLS: writes flat requests, reads whole answers, and knows whether it is still
// in step with its peer. Owned by the pool while idle and by one lease while in use; one worker.
#pragma once
#include "outbound/client.hpp"
#include "runtime/buffer.hpp"
#include "runtime/stream.hpp"

#include <cstdint>
#include <string_view>

namespace gateway::outbound {

class connection {
public:
    /// `answer_bytes_max` bounds the body of an answer.
    connection(worker& home, std::size_t answer_bytes_max);

    /// Failures: tiktok_unreachable, tiktok_tls, deadline_exceeded, overloaded.
    task<result<void>> open(tcp_endpoint to, ssl_pointer ssl, deadline until);

    /// Before each request: forgets what the last one left in the counters.
    void begin_request();
    /// What went wrong is told by failed(), so that a write costs no coroutine of its own.
    task<io_result<void>> write(std::string_view request, deadline until) {
        return wire_.write(request, until);
    }
    failure failed(boost::system::error_code ec);
    /// Writes `first` and `second` unless the peer has something to say already: then false.
    task<result<bool>> write_unless_answered(std::string_view first, std::string_view second, deadline until);
    /// The final answer to the request; informational ones are skipped. Failures as of client.
    task<result<reply>> read_answer(deadline until);

    /// The last answer was whole and the connection can take another request.
    bool in_step() const { return in_step_; }
    /// Nothing unread, not closed by the peer (U11, U15). No system call waits.
    bool is_quiet();
    /// The peer hung up without a word on this request: what a stale keep-alive connection looks like (U04).
    bool hung_up() const { return hung_up_ && !heard_; }
    /// Some byte of the request may have left.
    bool sent_something() const { return requesting_ && wire_.sent_bytes() > sent_before_; }
    /// Called when it becomes idle.
    void relax();

private:
    class arriving;

    stream wire_;
    buffer received_;
    std::size_t answer_bytes_max_;
    std::uint64_t sent_before_ = 0;
    bool requesting_ = false; // false in the handshake, whose bytes are no request
    bool in_step_ = false;
    bool heard_ = false;
    bool hung_up_ = false;
};

} // namespace gateway::outbound
