// The gateways of a chaos campaign, on one store and one folder of files. One thread starts, kills, freezes
// and wakes them; clients on other threads call whatever runs. Every start takes new ports.
#pragma once
#include "harness/world.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace fault {

class replica_set {
public:
    /// None runs yet. `w` gives settings, folder and TikTok, and outlives the set.
    replica_set(harness::world& w, std::string gateway_program, std::size_t count);

    // For clients.
    std::size_t count() const { return all_.size(); }
    const std::string& caller_key() const { return w_.caller_key(); }
    /// Nothing while that replica is down.
    std::optional<harness::http_client> client(std::size_t which, gateway::milliseconds patience) const;
    /// Differs after anything was done to that replica, or to all of them (disturb_all).
    std::uint64_t epoch_of(std::size_t which) const;
    bool is_frozen(std::size_t which) const;
    /// Differs after anything was done to any of them.
    std::uint64_t epoch() const;

    // For the thread that causes the chaos.
    /// `failpoint`: as TIKTOK_GATEWAY_FAILPOINT; empty: none. Gives why it did not start; empty if it did.
    std::string start(std::size_t which, const std::string& failpoint = {});
    bool runs(std::size_t which) const;
    void kill(std::size_t which);
    /// Whether it has killed itself at its failpoint; then it counts as killed.
    bool killed_itself(std::size_t which);
    bool stands_still(std::size_t which) const;
    void freeze(std::size_t which);
    void wake(std::size_t which);
    /// Something happened to all of them, such as an end of the database.
    void disturb_all();
    /// When replicas were killed, by the wall clock, in this order.
    std::vector<std::int64_t> kill_times_ms() const;

private:
    struct replica {
        std::unique_ptr<harness::gateway_process> process; // null while it is down
        std::uint64_t epoch = 0;
        bool frozen = false;
    };
    void note_kill(std::size_t which, gateway::wall_time at);
    void keep_log(std::size_t which) const;

    harness::world& w_;
    const std::string gateway_program_;
    mutable std::mutex lock_; // for all below
    std::vector<replica> all_;
    std::uint64_t epoch_ = 0;
    std::vector<std::int64_t> kill_times_ms_;
};

} // namespace fault
