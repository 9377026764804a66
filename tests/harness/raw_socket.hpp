// A blocking client socket on loopback, with a deadline on every call: sends exactly the given bytes, plain
// or over TLS (verified with a CA file).
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

    /// Connects; throws std::system_error if that fails. Received bytes are added to `heard`.
    explicit raw_socket(std::uint16_t port, std::shared_ptr<transcript> heard = nullptr);
    raw_socket(std::uint16_t port, const std::string& ca_file, const std::string& name);
    ~raw_socket();
    raw_socket(const raw_socket&) = delete;
    raw_socket& operator=(const raw_socket&) = delete;

    /// `false`: the peer accepts no more bytes.
    bool send(std::string_view bytes, gateway::milliseconds wait = default_wait);
    /// The next bytes, at most 64 KiB; empty at the end, after a reset, or if nothing came in time.
    std::string receive(gateway::milliseconds wait = default_wait);
    /// All bytes until the peer closes.
    std::string receive_all(gateway::milliseconds wait = default_wait);
    /// All bytes until they contain `text`, the peer closes, or the time is over.
    std::string receive_until(std::string_view text, gateway::milliseconds wait = default_wait);
    /// One HTTP answer with its body by Content-Length (or to the end); later bytes are kept for the next
    /// call.
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
    std::string waiting_; // received and not yet returned
    bool ended_ = false;
    std::unique_ptr<tls> tls_;
    std::shared_ptr<transcript> heard_;
};

} // namespace harness
