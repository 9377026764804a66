// The store in PostgreSQL, for any number of replicas that together keep every promise: what belongs together
// is one transaction, alone among those of its user on all replicas, and who is alive and which lease has run
// out is told by the database's clock.
#pragma once
#include "base/result.hpp"
#include "store/open_store.hpp"
#include "store/store.hpp"

#include <memory>
#include <string>

namespace gateway::store {

/// Connects, brings the schema up to date, and registers this process among the living.
result<std::unique_ptr<store>> open_postgresql(const std::string& url, store_limits limits);

} // namespace gateway::store
