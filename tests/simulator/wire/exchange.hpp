// One request and its answer, and the faults applied to the answer. Used by one connection.
#pragma once
#include "endpoints/request.hpp"
#include "wire/host.hpp"
#include "wire/session.hpp"

namespace gateway::simulator {

/// The state of one request while it is answered.
struct exchange {
    request in;
    answer out;
    std::uint64_t record = 0; // number in the history; 0 for control calls
    std::string log_id;
    fault_effect fault;
    bool close = false;
    bool gone = false; // the connection is closed
    bool sent = false; // the whole answer was handed to the network
};

/// A record of a request that has just come.
request_record begin_record(const request& in, door which, std::uint64_t connection, wall_time now);
/// The answer to a request without effect, unless the fault gives another one.
answer unapplied();
/// Notes the status in the history, and when the answer was sent.
void note_status(host& h, const exchange& e);
/// Notes that a connection which ended with a reset took its last answer with it: the peer had not read it.
void note_unread(host& h, std::uint64_t record, const stream& bytes);

boost::asio::awaitable<void> pause(std::int64_t wait_ms);
/// Waits until the peer closes.
boost::asio::awaitable<void> hold(stream& bytes);
/// Sends the answer as the fault says; sets `gone` if that closes the connection.
boost::asio::awaitable<void> send(host& h, stream& bytes, exchange& e);

} // namespace gateway::simulator
