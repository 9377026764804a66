// One connection to PostgreSQL: libpq in non-blocking mode, with Asio for the waits. It is the transaction of
// the unit that it runs. Owned by its slot in the pool, used on the store's thread only.
#pragma once
#include "base/clock.hpp"
#include "runtime/deadline_sweep.hpp"
#include "runtime/task.hpp"
#include "runtime/worker.hpp"
#include "store/engine.hpp"
#include "store/postgresql/address.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

struct pg_conn;

namespace gateway::store {

class postgresql_connection final : public transaction, private deadline_sweep::entry {
public:
    /// `owner`: the owner of written rows; outlives the connection.
    postgresql_connection(worker& home, const std::string& owner);
    ~postgresql_connection() override;

    /// Connects; see failed() for the result. `schema`: the only one in which names are looked up, beside
    /// PostgreSQL's own. `statement_max`: the server's timeout for a statement and for an idle transaction.
    task<void> open(const postgresql_address& to, const std::string& schema, milliseconds statement_max,
                    deadline until);

    /// Clears errors, and sets the deadline of all waits from here on.
    void begin_job(deadline until);
    task<rows> run(const statement& what) override;
    void notify(change what) override { notifications_.push_back(std::move(what)); }
    /// The NOTIFY statements to run before the commit; empty if there are none. Gives them once.
    std::string take_notifications();
    /// Runs statements without parameters and ignores their rows; several at once.
    task<void> execute(std::string sql);

    bool failed() const override { return first_error_.has_value(); }
    const std::string& owner() const override { return owner_; }
    task<bool> owner_is_gone(std::string owner) override;
    /// The server rolled everything back, and the job may be repeated (40001, 40P01).
    bool may_be_repeated() const {
        return fit_ && failed() && (first_error_->code == "40001" || first_error_->code == "40P01");
    }
    /// Whether the connection can run another job. Not after a wait that was given up, or an error beyond one
    /// statement, because unread data may still arrive.
    bool fit() const { return fit_; }
    /// The error text for the operator; contains no values of rows.
    std::string error() const { return failed() ? first_error_->text : std::string{}; }
    void refuse(std::string why) override { note("", std::move(why), true); }
    /// Clears the error, so that the next step runs.
    void clear_failure() { first_error_.reset(); }
    /// Abandons the transaction and the connection.
    void give_up() { note("", "the work was given up", false); }
    /// Rolls back after a failure, which is kept.
    task<void> roll_back();

    /// A notification on the connection's channel.
    struct notification {
        int backend; // the sending connection's number
        std::string text;
    };
    /// Waits for the next notifications. Empty if none came before `until`, or the server has closed the
    /// connection, which is then not fit any more.
    task<std::vector<notification>> wait_notifications(deadline until);
    /// The server's number for this connection.
    int backend() const;

    /// Waits until wake() is called or the server closes the connection (then it is not fit).
    task<void> wait_idle();
    void wake();

private:
    using descriptor = boost::asio::posix::basic_stream_descriptor<executor_type>;

    struct database_error {
        std::string code; // SQLSTATE
        std::string text;
    };
    /// The deadline of the current wait.
    void on_expired() override {
        expired_ = true;
        socket_.cancel();
    }
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
    bool fit_ = true;
    std::optional<database_error> first_error_;
};

} // namespace gateway::store
