// A blocking client socket on loopback, with a deadline on every call: says exactly the bytes it is told to,
// plain or over TLS (checked against a CA file).
#pragma once
#include "base/clock.hpp"
#include "harness/transcript.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace harness {

class raw_socket {
public:
    static constexpr gateway::milliseconds default_wait{20'000};

    /// Connects; throws std::system_error when that fails. What comes is noted in `heard`.
    explicit raw_socket(std::uint16_t port, std::shared_ptr<transcript> heard = nullptr);
    raw_socket(std::uint16_t port, const std::string& ca_file, const std::string& name);
    ~raw_socket();
    raw_socket(const raw_socket&) = delete;
    raw_socket& operator=(const raw_socket&) = delete;

    /// `false`: the peer takes no more.
    bool send(std::string_view bytes, gateway::milliseconds wait = default_wait);
    /// What comes next, at most 64 KiB; empty at the end, after a reset, or when nothing came in time.
    std::string receive(gateway::milliseconds wait = default_wait);
    /// Everything until the peer ends.
    std::string receive_all(gateway::milliseconds wait = default_wait);
    /// Until what came holds `text`, or the peer ends, or the time is over.
    std::string receive_until(std::string_view text, gateway::milliseconds wait = default_wait);
    /// One HTTP answer with its body by Content-Length (or to the end); what comes after it is kept.
    std::string receive_answer(gateway::milliseconds wait = default_wait);
    /// Whether the peer has closed (orderly or by reset) within the time.
    bool is_closed_by_peer(gateway::milliseconds wait = default_wait);

    void end_sending();
    /// Ends with a reset instead of an orderly close.
    void reset();
    int descriptor() const { return descriptor_; }

private:
    struct tls;
    bool wait_for(short events, gateway::steady_time until) const;
    std::string take_waiting();

    int descriptor_ = -1;
    std::string waiting_; // received and not yet handed out
    bool ended_ = false;
    std::unique_ptr<tls> tls_;
    std::shared_ptr<transcript> heard_;
};

} // namespace harness
