// Periodic work on one worker: removes expired records, and checks the store's health, so that readiness and
// metrics never have to wait for it.
#pragma once
#include "runtime/task.hpp"
#include "store/connection_record.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

namespace gateway::store {
class connections;
class store;
} // namespace gateway::store
namespace gateway::files {
class staged_file_store;
}
namespace gateway::telemetry {
class sink;
}
namespace gateway::tokens {
class token_service;
}

namespace gateway::app {

/// Written by run_maintenance(), read by the admin listener; any thread.
struct store_health {
    std::atomic<bool> good{true}, has_room{true};
    std::array<std::atomic<std::uint64_t>, store::connection_states>
        connections{}; // by store::connection_state
};

/// Runs until it is cancelled, or the store has failed for good: then calls `lost` with the reason.
task<void> run_maintenance(store::store& store, files::staged_file_store& files, telemetry::sink& sink,
                           store_health& health, std::function<void(const std::string& reason)> lost);

/// Four times a day: refreshes users without calls before their refresh tokens expire (T17). On the home
/// worker of `tokens`; runs until it is cancelled.
task<void> run_idle_user_refresh(store::connections& connections, tokens::token_service& tokens,
                                 telemetry::sink& sink);

} // namespace gateway::app
