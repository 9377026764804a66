#include "store/postgresql/connection.hpp"

#include "store/postgresql/change_text.hpp"
#include "store/postgresql/values.hpp"

#include <algorithm>
#include <libpq-fe.h>
#include <memory>
#include <utility>
#include <vector>

namespace gateway::store {
namespace {

using wait_type = boost::asio::posix::descriptor_base::wait_type;
constexpr auto readable = boost::asio::posix::descriptor_base::wait_read;
constexpr auto writable = boost::asio::posix::descriptor_base::wait_write;

/// The first statements of every connection. A replica that is paused inside a transaction must not block the
/// others; an acknowledged commit must survive a failover of the server (V11).
std::string session_settings(milliseconds statement_max) {
    const auto limit = std::to_string(statement_max.count());
    return "SET statement_timeout = " + limit + "; SET idle_in_transaction_session_timeout = " + limit
           + "; SET default_transaction_isolation = 'read committed'; SET client_min_messages = error;"
             "SELECT set_config('synchronous_commit', 'on', false) "
             "WHERE current_setting('synchronous_commit') IN ('off', 'local');"
             "SELECT set_config(name, '1000', false) FROM pg_settings "
             "WHERE name = 'client_connection_check_interval'";
}

/// Errors about the values of a statement or about one transaction, after which the connection can still be
/// used.
bool is_about_the_job(std::string_view code) {
    return code.starts_with("22") || code.starts_with("23") || code.starts_with("40");
}

std::string first_line(const char* text) {
    const std::string_view all = text == nullptr ? "" : text;
    return std::string(all.substr(0, all.find('\n')));
}

} // namespace

/// The deadline of a connection's current wait.
class postgresql_connection::limit final : public deadline_sweep::entry {
public:
    explicit limit(postgresql_connection& of) : of_(of) {
        of_.expired_ = false;
        arm(of_.home_.sweep(), of_.until_);
    }

private:
    void on_expired() override {
        of_.expired_ = true;
        of_.socket_.cancel();
    }
    postgresql_connection& of_;
};

postgresql_connection::postgresql_connection(worker& home, const std::string& owner)
    : home_(home), owner_(owner), socket_(home.executor()) {}

postgresql_connection::~postgresql_connection() {
    if (socket_.is_open()) socket_.release(); // libpq closes its own socket
    PQfinish(handle_);
}

void postgresql_connection::note(std::string code, std::string error, bool fit) {
    if (!fit) fit_ = false;
    if (failed_) return;
    failed_ = true;
    code_ = std::move(code);
    error_ = std::move(error);
}

void postgresql_connection::note_lost() {
    note("", first_line(PQerrorMessage(handle_)), false);
}

void postgresql_connection::refuse(std::string why) {
    note("", std::move(why), true);
}

void postgresql_connection::clear_failure() {
    failed_ = false;
    code_.clear();
    error_.clear();
}

void postgresql_connection::give_up() {
    note("", "the work was given up", false);
}

task<void> postgresql_connection::roll_back() {
    auto code = std::move(code_);
    auto error = std::move(error_);
    clear_failure();
    std::string sql = "ROLLBACK";
    co_await execute(std::move(sql));
    if (failed_) fit_ = false;
    failed_ = true;
    code_ = std::move(code);
    error_ = std::move(error);
}

void postgresql_connection::begin_job(deadline until) {
    clear_failure();
    notifications_.clear();
    until_ = until;
}

/// While it connects, libpq may close its socket and open another one with the same number, so the old state
/// is dropped.
void postgresql_connection::attach() {
    if (socket_.is_open()) socket_.release();
    if (const int socket = PQsocket(handle_); socket >= 0) socket_.assign(socket);
}

task<bool> postgresql_connection::wait_until_ready(wait_type what) {
    boost::system::error_code ec = boost::asio::error::bad_descriptor;
    if (until_.passed(steady_now())) {
        expired_ = true;
    } else if (socket_.is_open()) {
        const limit mine(*this);
        const auto [ended] = co_await socket_.async_wait(what, no_throw);
        ec = ended;
    }
    if (!expired_ && !ec) co_return true;
    note("", expired_ ? "the deadline passed" : "the wait was broken off", false);
    co_return false;
}

task<void> postgresql_connection::open(const postgresql_address& to, milliseconds statement_max,
                                       deadline until) {
    begin_job(until);
    std::vector<const char*> names, values;
    for (const auto& [name, value] : to.words) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    handle_ = PQconnectStartParams(names.data(), values.data(), 0);
    if (handle_ == nullptr || PQstatus(handle_) == CONNECTION_BAD) {
        note_lost();
        co_return;
    }
    PQsetNoticeReceiver(
        handle_, [](void*, const PGresult*) {}, nullptr); // else libpq writes notices to standard error
    for (auto next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK;) {
        attach();
        const bool ready = co_await wait_until_ready(next == PGRES_POLLING_READING ? readable : writable);
        if (!ready) co_return;
        next = PQconnectPoll(handle_);
        if (next == PGRES_POLLING_FAILED) {
            note_lost();
            co_return;
        }
    }
    attach();
    if (PQsetnonblocking(handle_, 1) != 0) note_lost();
    co_await execute(session_settings(statement_max));
}

task<rows> postgresql_connection::run(const statement& what) {
    if (failed_) co_return rows{*this};
    const postgresql_parameters given(what);
    const int sent = PQsendQueryParams(handle_, what.sql(), given.count(), given.kinds(), given.values(),
                                       given.lengths(), given.formats(), 1);
    if (sent == 0) note_lost();
    co_await send_all();
    co_return co_await collect();
}

void postgresql_connection::notify(change what) {
    notifications_.push_back(std::move(what));
}

std::string postgresql_connection::take_notifications() {
    std::string out;
    for (const auto& each : std::exchange(notifications_, {})) {
        const auto text = to_text(each);
        char* const literal = PQescapeLiteral(handle_, text.data(), text.size());
        if (literal == nullptr) {
            refuse("a notification is no text");
            return {};
        }
        out += "SELECT pg_notify(" CHANGES_CHANNEL ", ";
        out += literal;
        out += ");";
        PQfreemem(literal);
    }
    return out;
}

task<void> postgresql_connection::execute(std::string sql) {
    if (failed_) co_return;
    if (PQsendQuery(handle_, sql.c_str()) == 0) note_lost();
    co_await send_all();
    co_await collect();
}

task<void> postgresql_connection::send_all() {
    while (!failed_) {
        const int left = PQflush(handle_);
        if (left == 0) co_return;
        if (left < 0) {
            note_lost();
            co_return;
        }
        const bool ready = co_await wait_until_ready(writable);
        if (!ready) co_return;
    }
}

/// Waits until the server is ready for the next statement; gives the last result or the first error.
task<rows> postgresql_connection::collect() {
    rows last{*this};
    while (fit_) {
        while (PQisBusy(handle_) != 0) {
            const bool ready = co_await wait_until_ready(readable);
            if (!ready) co_return rows{*this};
            if (PQconsumeInput(handle_) == 0) {
                note_lost();
                co_return rows{*this};
            }
        }
        PGresult* const got = PQgetResult(handle_);
        if (got == nullptr) break;
        const std::unique_ptr<PGresult, decltype(&PQclear)> owned{got, &PQclear};
        last = read_rows(*this, got);
        const auto status = PQresultStatus(got);
        if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) continue;
        const char* const state = PQresultErrorField(got, PG_DIAG_SQLSTATE);
        const std::string code = state == nullptr ? "" : state;
        note(code, "PostgreSQL answers " + first_line(PQresultErrorField(got, PG_DIAG_MESSAGE_PRIMARY)),
             is_about_the_job(code));
    }
    if (PQstatus(handle_) == CONNECTION_BAD) note_lost();
    co_return last;
}

task<void> postgresql_connection::wait_idle() {
    woken_ = false;
    while (!woken_ && fit_) {
        const auto [ec] = co_await socket_.async_wait(readable, no_throw);
        // Checked after a wake-up, too, so that a closed connection does not fail the next job.
        const bool ready = !ec || woken_;
        const bool heard = ready && PQconsumeInput(handle_) != 0 && PQstatus(handle_) == CONNECTION_OK;
        if (!heard) note_lost();
    }
}

task<std::vector<postgresql_connection::notification>> postgresql_connection::wait_notifications(
    deadline until) {
    begin_job(until);
    std::vector<notification> heard;
    while (fit_) {
        while (PGnotify* const one = PQnotifies(handle_)) {
            heard.push_back({one->be_pid, one->extra});
            PQfreemem(one);
        }
        if (!heard.empty()) break;
        const bool ready = co_await wait_until_ready(readable);
        if (ready && PQconsumeInput(handle_) == 0) note_lost();
    }
    co_return heard;
}

int postgresql_connection::backend() const {
    return PQbackendPID(handle_);
}

void postgresql_connection::wake() {
    woken_ = true;
    socket_.cancel();
}

} // namespace gateway::store
