// The network of a simulated world. This program defines its own outbound::client, which replaces the
// library's at link time, like its clocks, so the tested code needs no interface for it. Each worker's
// requests go to the network of its replica. One thread.
#pragma once
#include "deterministic/post_history.hpp"
#include "deterministic/token_endpoint.hpp"
#include "deterministic/world.hpp"

#include <functional>
#include <string_view>

namespace gateway::simulation {

class post_network {
public:
    post_network(world& in, post_history& history) : world_(in), history_(history) {}

    /// Carries one whole request and its answer.
    task<outbound::exchange_result<outbound::reply>> carry(std::string request, deadline until);

    network_faults faults;
    /// A receiver of webhooks, at the path that begins with /told: gives its status. Null: there is none.
    std::function<int(std::string_view request)> receiver;
    /// Called if a request of this key was sent and its effect is uncertain for the client.
    std::function<void(std::size_t key)> on_doubt;

private:
    task<outbound::exchange_result<outbound::reply>> carry_to_receiver(std::string request, deadline until);

    world& world_;
    post_history& history_;
};

/// For the clients that are made from now on.
void set_network(post_network* to);

} // namespace gateway::simulation
