// The body of the session's current request, read on demand. The gate has decided the framing; this class
// decodes it and reads directly from the socket into the reader's space once the session's buffer is empty.
// Sends 100 Continue only at the first read, that is after caller, quota and length were checked (C14). Lives
// in the session's frame.
#pragma once
#include "base/clock.hpp"
#include "http/body_framing.hpp"
#include "http/message_head.hpp"
#include "runtime/body_source.hpp"
#include "runtime/buffer.hpp"
#include "runtime/stream.hpp"

#include <atomic>
#include <cstdint>
#include <span>

namespace gateway::inbound {

/// The least number of bytes of a body in every 20 s of waiting, after 20 s of grace (C18).
struct body_pace {
    std::uint32_t bytes_per_second_min = 8 * 1024;
    milliseconds window{20'000};
};

class request_body final : public body_source {
public:
    request_body(stream& from, buffer& received, const http::request_head& head, std::uint64_t max_bytes,
                 body_pace pace);

    /// 0 for a chunked body, whose size is unknown.
    std::uint64_t size_bytes() const override { return framing_.frame().length_bytes; }
    task<result<std::size_t>> read_some(std::span<char> space, deadline until) override;
    void give_way_when(const std::atomic<bool>* lost) override { lost_ = lost; }

    bool complete() const { return framing_.complete(); }
    /// The client still waits for 100 Continue, so it is unknown whether it sends the body next: the
    /// connection must end.
    bool unasked() const { return must_ask_; }
    std::uint64_t received_bytes() const { return framing_.received_bytes(); }
    /// Reads the rest of the body if it is short and arrives soon, so that the connection can be used again.
    /// `false`: it cannot.
    task<bool> discard(deadline until);

private:
    task<result<std::size_t>> read_socket(std::span<char> space, deadline until);
    result<std::size_t> take_buffered(std::span<char> space);

    stream& from_;
    buffer& received_;
    http::body_framing framing_;
    bool must_ask_;
    bool broken_ = false;
    body_pace pace_;
    milliseconds waited_{0}; // spent reading in the current window; our own back-pressure does not count
    std::uint64_t window_bytes_ = 0; // wire bytes in the current window
    bool grace_ = true;
    const std::atomic<bool>* lost_ = nullptr; // of the reader's memory
};

} // namespace gateway::inbound
