// The database server of a simulated world: a SQLite database in memory, without a thread and without a
// network, on virtual time. It runs the statements that ship, one unit after the other, for any number of
// replicas. Owned by the simulation; one thread.
#pragma once
#include "base/ids.hpp"
#include "store/engine.hpp"
#include "store/sqlite/database.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <string>

namespace gateway::simulation {

class simulated_database {
public:
    simulated_database();
    simulated_database(const simulated_database&) = delete;
    simulated_database& operator=(const simulated_database&) = delete;

    /// Called for each connection that a unit has changed, once it is durable; by the judge of a run.
    std::function<void(const user_id&)> on_change;

    /// One unit for the replica `owner`, all or nothing. Throws where a statement fails: nothing in memory
    /// does.
    void perform(store::engine::work& what, const std::string& owner);
    /// The rows of one statement, for whoever judges a run.
    store::rows ask(const store::statement& what) { return at_->step(what); }
    /// For the suite of the roles, where nobody waits for a lease to end.
    void pass_time(milliseconds by) { passed_ += by; }

private:
    milliseconds passed_{0};
    std::unique_ptr<store::sqlite_database> at_;
    boost::asio::io_context loop_{1}; // a unit's coroutine runs on it, and never waits
};

} // namespace gateway::simulation
