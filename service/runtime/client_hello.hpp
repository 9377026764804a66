// What a ClientHello asks for, read before OpenSSL spends anything on it. Pure.
#pragma once
#include <string_view>

namespace gateway {

/// Whether a handshake that begins with this record may end up with P-384. OpenSSL 3.0 has no fast code for
/// it, so it costs the server ten times as much as one over X25519, and the sender again nothing. OpenSSL
/// takes the first share of a group that the server has, in the client's order; without such a share, and in
/// TLS 1.2, the group that the server likes best of those that the client names. True also where that cannot
/// be seen: in a hello that lies in more than one record, or names no group.
bool may_ask_for_p384(std::string_view first_record);

} // namespace gateway
