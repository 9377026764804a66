// The database server of a simulated world: a SQLite database in memory, without threads and network, on
// virtual time. It runs the real statements, one unit after the other, for any number of replicas. Owned by
// the simulation; one thread.
#pragma once
#include "base/ids.hpp"
#include "store/engine.hpp"
#include "store/sqlite/database.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace gateway::simulation {

class simulated_database {
public:
    simulated_database();
    simulated_database(const simulated_database&) = delete;
    simulated_database& operator=(const simulated_database&) = delete;

    /// Called for each connection that a unit has changed, once it is durable; by the judge of a run.
    std::function<void(const user_id&)> on_change;

    /// The owners whose processes have connections.
    std::set<std::string> living;

    /// Runs one atomic unit for the replica `owner`. Throws if a statement fails, which cannot happen in
    /// memory.
    void perform(store::engine::work& what, const std::string& owner);
    /// The rows of one statement, for the checks of a run.
    store::rows ask(const store::statement& what) { return at_->step(what); }
    /// For the test suite of the roles, which does not wait for leases to expire.
    void pass_time(milliseconds by) { passed_ += by; }

private:
    milliseconds passed_{0};
    std::unique_ptr<store::sqlite_database> at_;
    boost::asio::io_context loop_{1}; // runs the units' coroutines, which never wait
};

} // namespace gateway::simulation
