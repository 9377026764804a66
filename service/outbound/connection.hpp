// One HTTP/1.1 connection over TLS: writes flat requests, reads answers (arriving_answer), and knows whether
// it is still in step with its peer. Owned by the pool while idle and by one lease while in use; one worker.
#pragma once
#include "outbound/client.hpp"
#include "outbound/exchange_result.hpp"
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
    /// For the request's bytes and the answer's.
    stream& wire() { return wire_; }
    /// What went wrong there, as a failure of client.
    failure failed(boost::system::error_code ec);
    /// Writes `first` and `second` unless the peer has something to say already: then false.
    task<result<bool>> write_unless_answered(std::string_view first, std::string_view second, deadline until);
    /// The last answer was whole and the connection can take another request.
    bool in_step() const { return in_step_; }
    /// Nothing unread, not closed by the peer (U11, U15). No system call waits.
    bool is_quiet();
    /// The peer hung up without a word on this request: what a stale keep-alive connection looks like (U04).
    bool hung_up() const { return hung_up_ && !heard_; }
    /// Whether some byte of the request may have left. The one place that knows.
    request_bytes sent() const {
        const bool some = requesting_ && wire_.sent_bytes() > sent_before_;
        return some ? request_bytes::may_have_left : request_bytes::none_left;
    }
    /// Called when it becomes idle.
    void relax();

private:
    friend class arriving_answer; // reads what comes and says whether all of it is in step

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
