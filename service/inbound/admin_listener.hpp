// The operators' door: /metrics, /healthz and /readyz, on an address of its own, so that a flood of callers
// cannot hide the state of the service from whoever looks for it. One per process, on one worker.
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

struct door_state;

struct admin_parts {
    worker& home;
    std::function<std::string()> metrics;                // text of /metrics
    std::function<std::vector<std::string>()> not_ready; // why not; empty: ready. Must not wait.
    door_state& doors;
    std::uint32_t connections_max; // a budget of its own (L08)
};

class admin_listener {
public:
    /// Throws when the address cannot be had.
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
