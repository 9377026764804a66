// One connection to PostgreSQL: libpq without its waiting, which Asio does. It is the transaction of the unit
// that it works on. Owned by its place in the engine, used on the store's thread only.
#pragma once
#include "base/clock.hpp"
#include "runtime/deadline_sweep.hpp"
#include "runtime/task.hpp"
#include "runtime/worker.hpp"
#include "store/engine.hpp"
#include "store/postgresql/address.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <string>
#include <vector>

struct pg_conn;

namespace gateway::store {

class postgresql_connection final : public transaction {
public:
    /// `owner`: of the rows that are written here; outlives the connection.
    postgresql_connection(worker& home, const std::string& owner);
    ~postgresql_connection() override;

    /// Connects; failed() tells whether it came to something. `statement_max`: the server gives up on a
    /// statement, and on a transaction that stands still, after so long.
    task<void> open(const postgresql_address& to, milliseconds statement_max, deadline until);

    /// A clean slate, and the end of every wait from here on.
    void begin_job(deadline until);
    task<rows> run(const statement& what) override;
    void notify(change what) override;
    /// The statements that notify, for the text that commits; empty: there was nothing. Gives them once.
    std::string take_notifications();
    /// Statements without parameters, whose rows nobody wants; several at once.
    task<void> execute(std::string sql);

    bool failed() const override { return failed_; }
    const std::string& owner() const override { return owner_; }
    /// The server took everything back, and asks for the same job once more (40001, 40P01).
    bool may_be_repeated() const { return fit_ && (code_ == "40001" || code_ == "40P01"); }
    /// May serve another job. After a wait that was given up, or an error that speaks of more than the values
    /// of one statement, it may not: nobody knows what is still on its way here.
    bool fit() const { return fit_; }
    /// What went wrong, for an operator; no value of any row is in it.
    const std::string& error() const { return error_; }
    void refuse(std::string why) override;
    /// The next step may run although the last one failed.
    void clear_failure();
    /// What was begun is left half done; the connection with it.
    void give_up();
    /// After a failure, which stays what it was.
    task<void> roll_back();

    /// What somebody notified on a channel that this connection listens to.
    struct notification {
        int backend; // of the connection that told it
        std::string text;
    };
    /// The next ones. Empty: none came before `until`, or the server has closed the connection; it is not fit
    /// any more.
    task<std::vector<notification>> wait_notifications(deadline until);
    /// The server's number for this connection.
    int backend() const;

    /// Ends when wake() was called, or when the server has closed the connection (then it is not fit).
    task<void> wait_idle();
    void wake();

private:
    class limit;
    using descriptor = boost::asio::posix::basic_stream_descriptor<executor_type>;

    void attach();
    void note(std::string code, std::string error, bool fit);
    void note_lost();
    task<bool> wait_until_ready(boost::asio::posix::descriptor_base::wait_type what);
    task<void> send_all();
    task<rows> collect();

    worker& home_;
    const std::string& owner_;
    std::vector<change> notifications_;
    descriptor socket_;
    pg_conn* handle_ = nullptr;
    deadline until_{steady_time{}};
    bool expired_ = false;
    bool woken_ = false;
    bool failed_ = false;
    bool fit_ = true;
    std::string code_; // SQLSTATE
    std::string error_;
};

} // namespace gateway::store
