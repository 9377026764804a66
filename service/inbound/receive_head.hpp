// Reads off a connection until a header block is whole; the finder bounds it while it arrives. Used by one
// session, on its worker.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "inbound/connection_queue.hpp"
#include "runtime/buffer.hpp"
#include "runtime/stream.hpp"
#include "runtime/task.hpp"

#include <cstddef>

namespace gateway::inbound {

/// The length of the next block in `received`, which is read into until the block is whole. 0: the peer ended
/// before the first byte of a request. Errors: those of the finder; request_timeout after `until`; overloaded
/// when the connection has to make room for another; malformed_request when the peer ends in mid block.
task<result<std::size_t>> receive_head(stream& from, buffer& received, const connection_queue::place& place,
                                       deadline until);

} // namespace gateway::inbound
