// Deletes expired data. A role of the store; any thread.
#pragma once
#include "store/role.hpp"

namespace gateway::store {

class upkeep : private role {
public:
    using role::role;

    /// Deletes expired logins, keys, previous versions, webhook notes, leases, dead replicas and their
    /// shares; a portion of each. Called periodically by the service.
    task<result<void>> sweep(wall_time now, deadline until);
};

} // namespace gateway::store
