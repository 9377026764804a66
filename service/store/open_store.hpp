// The one place that knows which engines there are.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/store.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace gateway::store {

struct store_limits {
    std::size_t waiting_max = 4096; // jobs in line; more is refused at once
    // The rest is for PostgreSQL.
    unsigned connections = 8;
    milliseconds connect_within{5'000};
    milliseconds job_max{10'000};        // whatever the caller's deadline, also on the server's side
    milliseconds outage_patience{1'000}; // without any connection, a job waits so long for one
    milliseconds silent_max{60'000};     // a replica unheard of for so long is gone
};

/// Opens what `store.url` names: `sqlite:PATH` or `postgresql://…`. Blocks, for the start. The failure's
/// message is for the operator and says nothing of what stands in the URL beyond a path.
result<std::unique_ptr<store>> open_store(std::string_view url, store_limits limits = {});

} // namespace gateway::store
