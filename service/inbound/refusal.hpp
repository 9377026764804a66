// What a client hears for whom there is no room: 503 `overloaded`, in the words of every other answer and
// recorded like every other call. Used by a listener, on its worker's thread.
#pragma once
#include "inbound/session.hpp"
#include "runtime/task.hpp"

namespace gateway::inbound {

/// Over TLS too. Holds its descriptor for a few seconds at most.
task<void> refuse_connection(const api_parts& with, answer_marks& marks, tcp_socket socket);

/// The same without waiting for anything, where many are refused already: over TLS it only closes, since a
/// handshake takes waiting.
void refuse_at_once(const api_parts& with, answer_marks& marks, tcp_socket socket);

} // namespace gateway::inbound
