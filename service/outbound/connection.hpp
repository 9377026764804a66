// One HTTP/1.1 connection over TLS: writes whole requests, reads answers (arriving_answer), and tracks
// whether another request can follow. Owned by the pool while idle and by one lease while in use; one worker.
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

    /// Before each request: resets the counters.
    void begin_request();
    /// The stream that request and answer use.
    stream& wire() { return wire_; }
    /// The stream's error as a failure of client.
    failure failed(boost::system::error_code ec);
    /// Writes `first` and `second`; false if the peer has sent something already.
    task<result<bool>> write_unless_answered(std::string_view first, std::string_view second, deadline until);
    /// The last answer was whole and the connection can take another request.
    bool in_step() const { return in_step_; }
    /// No unread input and not closed by the peer (U11, U15). Does not block.
    bool is_quiet();
    /// The peer closed the connection without answering this request, which is typical of a stale keep-alive
    /// connection (U04).
    bool peer_closed() const { return peer_closed_ && !heard_; }
    /// Whether some byte of the request may have left. The only source of this fact.
    request_bytes sent() const {
        const bool some = requesting_ && wire_.sent_bytes() > sent_before_;
        return some ? request_bytes::may_have_left : request_bytes::none_left;
    }
    /// Called when it becomes idle.
    void relax();

private:
    friend class arriving_answer; // reads answers and sets in_step_

    stream wire_;
    buffer received_;
    std::size_t answer_bytes_max_;
    std::uint64_t sent_before_ = 0;
    bool requesting_ = false; // false during the handshake, whose bytes do not count as a request
    bool in_step_ = false;
    bool heard_ = false;
    bool peer_closed_ = false;
};

} // namespace gateway::outbound
