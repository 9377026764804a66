// Where PostgreSQL is: a URL as libpq understands it, taken apart into words that libpq is given one by one.
// It holds a password: it is never shown, and no message says what stands in it.
#pragma once
#include "base/result.hpp"
#include "runtime/blocking.hpp"
#include "runtime/task.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::store {

struct postgresql_address {
    std::vector<std::pair<std::string, std::string>> words; // keyword and value, as libpq names them
};

/// With our own words for what the URL leaves open: only a server that takes writes, no wait without an end.
result<postgresql_address> read_postgresql_url(const std::string& url);

/// libpq looks names up by itself and stops its thread for it: here a thread of `names` does it before, and
/// every address of every host is one place to try.
task<result<postgresql_address>> resolve_hosts(const postgresql_address& from, blocking_pool& names);

} // namespace gateway::store
