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

/// The first statements of every connection. The search path comes first, because every later name is looked
/// up in it: pg_catalog, which need not be named, then our schema, and temporary tables last (V16). A replica
/// that is paused inside a transaction must not block the others; an acknowledged commit must survive a
/// failover of the server (V11). Each connection holds a lock of its process's life, so that others see when
/// the last one has ended, also where the host of the process has gone without a word (T01).
std::string session_settings(const std::string& schema, milliseconds statement_max,
                             const std::string& owner) {
    const auto limit = std::to_string(statement_max.count());
    const auto life = std::to_string(life_lock(owner));
    return "SET search_path = \"" + schema + "\", pg_temp; SET statement_timeout = " + limit
           + "; SET idle_in_transaction_session_timeout = " + limit
           + "; SET default_transaction_isolation = 'read committed'; SET client_min_messages = error;"
             "SELECT set_config('synchronous_commit', 'on', false) "
             "WHERE current_setting('synchronous_commit') IN ('off', 'local');"
             "SELECT set_config(name, '1000', false) FROM pg_settings "
             "WHERE name = 'client_connection_check_interval';"
             "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;"
             // Twice: a replica that asks whether this one lives holds the lock for some milliseconds. It is
             // not waited for, because a role that may connect could hold it for ever.
             "SELECT pg_sleep(0.05) WHERE NOT pg_try_advisory_lock_shared("
           + life + "); SELECT pg_try_advisory_lock_shared(" + life + ")";
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

postgresql_connection::postgresql_connection(worker& home, const std::string& owner)
    : home_(home), owner_(owner), socket_(home.executor()) {}

postgresql_connection::~postgresql_connection() {
    if (socket_.is_open()) socket_.release(); // libpq closes its own socket
    PQfinish(handle_);
}

void postgresql_connection::note(std::string code, std::string error, bool fit) {
    if (!fit) fit_ = false;
    if (!failed()) first_error_ = {std::move(code), std::move(error)};
}

void postgresql_connection::note_lost() {
    note("", first_line(PQerrorMessage(handle_)), false);
}

task<void> postgresql_connection::roll_back() {
    auto first = std::exchange(first_error_, std::nullopt);
    std::string sql = "ROLLBACK";
    co_await execute(std::move(sql));
    if (failed()) fit_ = false;
    first_error_ = std::move(first);
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
    expired_ = until_.passed(steady_now());
    if (!expired_ && socket_.is_open()) {
        arm(home_.sweep(), until_);
        const auto [ended] = co_await socket_.async_wait(what, no_throw);
        disarm();
        ec = ended;
    }
    if (!expired_ && !ec) co_return true;
    note("", expired_ ? "the deadline passed" : "the wait was broken off", false);
    co_return false;
}

task<void> postgresql_connection::open(const postgresql_address& to, const std::string& schema,
                                       milliseconds statement_max, deadline until) {
    begin_job(until);
    std::vector<const char*> names, values;
    for (const auto& [name, value] : to) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr); // the end for libpq
    values.push_back(nullptr);
    handle_ = PQconnectStartParams(names.data(), values.data(), 0);
    if (handle_ == nullptr || PQstatus(handle_) == CONNECTION_BAD) co_return note_lost();
    PQsetNoticeReceiver(
        handle_, [](void*, const PGresult*) {}, nullptr); // else libpq writes notices to standard error
    for (auto next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK;) {
        attach();
        const bool ready = co_await wait_until_ready(next == PGRES_POLLING_READING ? readable : writable);
        if (!ready) co_return;
        next = PQconnectPoll(handle_);
        if (next == PGRES_POLLING_FAILED) co_return note_lost();
    }
    attach();
    if (PQsetnonblocking(handle_, 1) != 0) note_lost();
    co_await execute(session_settings(schema, statement_max, owner_));
}

task<rows> postgresql_connection::run(const statement& what) {
    if (failed()) co_return rows{*this};
    const postgresql_parameters given(what);
    const auto count = static_cast<int>(given.values.size());
    const int sent = PQsendQueryParams(handle_, what.sql(), count, given.kinds.data(), given.values.data(),
                                       given.lengths.data(), given.formats.data(), 1);
    if (sent == 0) note_lost();
    co_await send_all();
    co_return co_await collect();
}

/// Whoever gets the lock for itself is alone with it; it is given back with the transaction.
task<bool> postgresql_connection::owner_is_gone(std::string owner) {
    if (owner == owner_) co_return false; // whose lock this very session holds
    const statement ask("SELECT CAST(CAST(pg_try_advisory_xact_lock($1) AS INTEGER) AS BIGINT)",
                        life_lock(owner));
    auto got = co_await run(ask);
    std::uint64_t is_alone = 0;
    got.next(is_alone);
    co_return is_alone == 1;
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
    if (failed()) co_return;
    if (PQsendQuery(handle_, sql.c_str()) == 0) note_lost();
    co_await send_all();
    co_await collect();
}

task<void> postgresql_connection::send_all() {
    while (!failed()) {
        const int left = PQflush(handle_);
        if (left < 0) note_lost();
        if (left <= 0) co_return;
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
