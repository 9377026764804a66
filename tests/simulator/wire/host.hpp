// What all connections share: the world, its clock, and the wish to be woken when something becomes due.
// One thread; lives longer than every connection.
#pragma once
#include "state/world.hpp"
#include "wire/stream.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <set>

namespace gateway::simulator {

/// One open connection, for whoever wants to close it from outside.
struct open_connection {
    stream* bytes = nullptr;
    bool idle = true; // between two requests
};

class host {
public:
    host(boost::asio::io_context& context, settings all);

    /// This world's time, with what became due by then done.
    void advance();
    /// After anything happened: sends what is to be sent, and sleeps until the next thing becomes due.
    void pump();

    boost::asio::io_context& io;
    world w;
    std::string authority_pem; // our own authority, trusted by our own errands
    std::uint64_t connections = 0;
    std::set<open_connection*> open;

private:
    void wait_for_next();
    void start_errands();
    void close_connections(bool idle_only);

    boost::asio::steady_timer next_;
};

} // namespace gateway::simulator
