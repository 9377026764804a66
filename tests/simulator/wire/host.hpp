// State that all connections share: the world, its clock, and a timer for the next due event. One thread;
// outlives every connection.
#pragma once
#include "state/world.hpp"
#include "wire/stream.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <set>

namespace gateway::simulator {

/// One open connection, so that it can be closed from outside.
struct open_connection {
    stream* bytes = nullptr;
    bool idle = true; // between two requests
};

class host {
public:
    host(boost::asio::io_context& context, settings all);

    /// Advances the world to the current time.
    void advance();
    /// Call after every change: starts outgoing requests and sets the timer for the next due event.
    void pump();

    boost::asio::io_context& io;
    world w;
    std::string authority_pem; // the simulator's authority, trusted by its own requests
    std::uint64_t connections = 0;
    std::set<open_connection*> open;

private:
    void wait_for_next();
    void start_errands();
    void close_connections(bool idle_only);

    boost::asio::steady_timer next_;
};

} // namespace gateway::simulator
