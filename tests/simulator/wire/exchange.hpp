// One request and its answer on the wire, and the ways in which a fault lets the answer go wrong. Used by one
// connection.
#pragma once
#include "endpoints/request.hpp"
#include "wire/host.hpp"
#include "wire/session.hpp"

namespace gateway::simulator {

/// What one request needs while it is answered.
struct exchange {
    request in;
    answer out;
    std::uint64_t record = 0; // number in the history; 0 for control calls
    std::string log_id;
    fault_effect fault;
    bool close = false;
    bool gone = false; // the connection is no more
};

/// A record of a request that has just come.
request_record begin_record(const request& in, door which, std::uint64_t connection, wall_time now);
/// What a request without effect is answered with, unless the fault says something else.
answer unapplied();
/// Writes down how it ended.
void note_status(host& h, const exchange& e);

boost::asio::awaitable<void> pause(std::int64_t wait_ms);
/// Until the peer leaves.
boost::asio::awaitable<void> hold(stream& bytes);
/// Sends the answer as the fault wants it; sets `gone` where the connection ends with it.
boost::asio::awaitable<void> send(host& h, stream& bytes, exchange& e);

} // namespace gateway::simulator
