// Reads one header block off a connection: the finder bounds it while it arrives, the strict gate judges its
// raw bytes, Beast parses it too where a body follows, and the two must agree. So one party, the gate,
// decides where a message ends, and a slip in it would have to be made twice to matter. Used by one session,
// on its worker.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/message_head.hpp"
#include "inbound/idle_line.hpp"
#include "runtime/buffer.hpp"
#include "runtime/stream.hpp"
#include "runtime/task.hpp"

#include <string_view>

namespace gateway::inbound {

/// Judges a whole block and has Beast confirm it. Errors: those of http::judge.
result<http::request_head> read_head(std::string_view block);

/// The length of the next block in `received`, which is read into until the block is whole. 0: the peer ended
/// before the first byte of a request. Errors: those of the finder; request_timeout after `until`; overloaded
/// when the connection has to make room for another; malformed_request when the peer ends in mid block.
task<result<std::size_t>> fill_head(stream& from, buffer& received, const idle_line::place& place,
                                    deadline until);

} // namespace gateway::inbound
