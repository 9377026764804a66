// The far end of outbound::client in a simulated world. This program's own outbound::client stands in the
// place of the library's, as its clocks do, so what asks TikTok is the code that ships and pays nothing for
// it. Each worker's requests go to the network its replica was given. One thread.
#pragma once
#include "deterministic/post_history.hpp"
#include "deterministic/token_endpoint.hpp"
#include "deterministic/world.hpp"

#include <functional>

namespace gateway::simulation {

class post_network {
public:
    post_network(world& in, post_history& history) : world_(in), history_(history) {}

    /// One whole request, whoever waits for its answer.
    task<outbound::exchange_result<outbound::reply>> carry(std::string request, deadline until);

    network_faults faults;
    /// A request of this key left, and nobody can be sure what became of it.
    std::function<void(std::size_t key)> on_doubt;

private:
    world& world_;
    post_history& history_;
};

/// For the clients that are made from now on.
void set_network(post_network* to);

} // namespace gateway::simulation
