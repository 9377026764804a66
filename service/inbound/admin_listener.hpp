// The listener for operators: /metrics, /healthz and /readyz, on a separate address, so that monitoring still
// works during a flood of calls. One per process, on one worker.
#pragma once
#include "inbound/acceptor.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace gateway::inbound {

struct admin_parts {
    worker& home;
    std::function<std::string()> metrics;                // text of /metrics
    std::function<std::vector<std::string>()> not_ready; // the reasons; empty if ready. Must not block.
    listener_state& listeners;
    std::uint32_t connections_max; // separate from the API's bound (L08)
};

class admin_listener final : public acceptor {
public:
    /// Throws when the address cannot be bound.
    admin_listener(admin_parts with, const std::string& address, std::uint16_t port);

private:
    void take(tcp_socket socket) override;
    void take_with_spare(tcp_socket socket) override { take(std::move(socket)); }

    admin_parts with_;
    std::atomic<std::uint32_t> connections_{0};
};

} // namespace gateway::inbound
