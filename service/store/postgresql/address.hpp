// The address of PostgreSQL: a URL in libpq's format, split into keywords and values for libpq. It contains a
// password, so it is never shown, and no message contains parts of it.
#pragma once
#include "base/result.hpp"
#include "runtime/blocking.hpp"
#include "runtime/task.hpp"

#include <map>
#include <string>

namespace gateway::store {

/// libpq's keywords and values.
using postgresql_address = std::map<std::string, std::string>;

/// With our defaults: only a server that accepts writes, no unbounded waits, and sslmode=verify-full unless
/// the URL says another one or every host of it is this one (a loopback address or a socket).
result<postgresql_address> read_postgresql_url(const std::string& url);

/// What somebody on the way to the server could do, as a sentence for the operator; empty with verify-full
/// and for a server on this host.
std::string describe_weak_tls(const postgresql_address& of);

/// What no server can make good, as words for the operator: a sslmode that libpq does not know; else empty.
std::string describe_wrong_mode(const postgresql_address& of);

/// If TLS wants an authority and none is named or in libpq's own place, a sentence about it; else empty.
std::string describe_no_authority(const postgresql_address& of);

/// If the URL names a file of authorities for TLS that cannot be read, words about it for the operator; else
/// empty. Without it no server is believed.
std::string describe_missing_authorities(const postgresql_address& of);

/// Resolves the host names on a thread of `names`, because libpq would block its thread; every address of
/// every host becomes one entry to try.
task<result<postgresql_address>> resolve_hosts(const postgresql_address& from, blocking_pool& names);

} // namespace gateway::store
