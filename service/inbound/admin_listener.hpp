// The listener for operators: /metrics, /healthz and /readyz, on a separate address, so that monitoring still
// works during a flood of calls. One per process, on one worker.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gateway {
class worker;
}

namespace gateway::inbound {

struct listener_state;

struct admin_parts {
    worker& home;
    std::function<std::string()> metrics;                // text of /metrics
    std::function<std::vector<std::string>()> not_ready; // the reasons; empty if ready. Must not block.
    listener_state& listeners;
    std::uint32_t connections_max; // separate from the API's bound (L08)
};

class admin_listener {
public:
    /// Throws when the address cannot be bound.
    admin_listener(admin_parts with, const std::string& address, std::uint16_t port);
    ~admin_listener();
    admin_listener(const admin_listener&) = delete;
    admin_listener& operator=(const admin_listener&) = delete;

    std::uint16_t port() const;
    void start();
    void stop_accepting();

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::inbound
