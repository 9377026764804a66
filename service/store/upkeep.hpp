// Deletes expired data. A role of the store; any thread.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

namespace gateway::store {

class engine;

class upkeep {
public:
    explicit upkeep(engine& on) : engine_(on) {}

    /// Deletes expired logins, keys, previous versions, webhook notes, leases, dead replicas and their
    /// shares; a portion of each. Called periodically by the service.
    task<result<void>> sweep(wall_time now, deadline until);

private:
    engine& engine_;
};

} // namespace gateway::store
