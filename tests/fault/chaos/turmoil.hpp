// Kills, freezes and wakes replicas, lets them end or stand still at named steps, and stops and starts their
// database, all by the dice of a seed; whatever is down is started again while the others work. Used by one
// thread.
#pragma once
#include "fault/chaos/ending.hpp"
#include "fault/chaos/findings.hpp"
#include "fault/chaos/replica_set.hpp"
#include "harness/postgresql_server.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace fault {

struct turmoil_plan {
    std::uint32_t seed = 0;
    std::size_t kills = 0;
    harness::postgresql_server* database = nullptr; // null: SQLite
    gateway::milliseconds freeze_least{2'000}, freeze_most{20'000};
    gateway::milliseconds away_least{500}, away_most{4'000}; // the database
};

class turmoil {
public:
    /// The others outlive it.
    turmoil(turmoil_plan plan, replica_set& replicas, findings& found);

    void start_all();
    /// Goes on until there were `kills` in all; then all replicas and the database run again.
    void rage_until(std::size_t kills);

private:
    enum class condition { up, frozen, armed_to_kill, armed_to_stop, down };
    struct state {
        condition now = condition::down;
        gateway::steady_time due{}; // of its next change
        bool must_wake = false;     // its death would lose a token by construction
    };
    void disturb();
    void kill(std::size_t which);
    void freeze(std::size_t which);
    void start_at_a_step(std::size_t which);
    void stop_database();
    void do_what_is_due(gateway::steady_time now);
    void do_what_is_due_for(std::size_t which, gateway::steady_time now);
    void start(std::size_t which);
    void calm_down();
    gateway::milliseconds between(gateway::milliseconds least, gateway::milliseconds most);
    bool may_be_disturbed(std::size_t which) const;
    /// `failpoint` of the next start.
    std::string step_for(std::size_t which);

    const turmoil_plan plan_;
    replica_set& replicas_;
    findings& found_;
    std::mt19937 dice_;
    std::vector<state> states_;
    std::size_t kills_ = 0;
    bool database_is_away_ = false;
    gateway::steady_time database_due_{};
    ending never_; // to wait between two disturbances
};

} // namespace fault
