// Refuses a client for lack of room: 503 `overloaded`, in the format of every answer and recorded like every
// call. Used by a listener, on its worker's thread.
#pragma once
#include "inbound/session.hpp"
#include "runtime/task.hpp"

namespace gateway::inbound {

/// Also over TLS. Holds its descriptor for a few seconds at most.
task<void> refuse_connection(const api_parts& with, session_cache& marks, tcp_socket socket);

/// The same without any wait, for when many are being refused already. Over TLS it only closes, because a
/// handshake would have to wait.
void refuse_at_once(const api_parts& with, session_cache& marks, tcp_socket socket);

} // namespace gateway::inbound
