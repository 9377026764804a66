// The connections of one worker, by origin. Gives out leases; a lease that is not marked clean closes its
// connection (the next call must never read the answer to another one). One worker; shared by the client and
// its leases, because frames that are destroyed with their loop return their leases after the client.
#pragma once
#include "outbound/client.hpp"
#include "outbound/connection.hpp"
#include "outbound/pool_policy.hpp"
#include "runtime/deadline_sweep.hpp"
#include "runtime/waiter.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace gateway::outbound {

class pool : public std::enable_shared_from_this<pool> {
public:
    class lease;

    pool(worker& home, client_limits limits);
    ~pool();
    pool(const pool&) = delete;
    pool& operator=(const pool&) = delete;

    /// An idle connection without unread input, or a slot to open one with, for a call of `by`. Failures:
    /// overloaded (the queue is full, or nothing was free before `until`), draining.
    task<result<lease>> acquire(const origin& to, sharer by, deadline until);
    /// The same without waiting; nothing if none is free for this caller.
    std::optional<lease> acquire_now(const origin& to, sharer by);

    pool_stats stats() const; // any thread
    void close();
    const client_limits& limits() const { return limits_; }
    worker& home() { return home_; }

private:
    using policy_type = pool_policy<std::unique_ptr<connection>>;
    struct place; // a waiting coroutine
    struct host;  // the connections of one origin

    host& host_of(const origin& to);
    void give_back(host& of, sharer by, std::unique_ptr<connection> what, bool clean);
    std::optional<policy_type::ticket> stand_in_line(host& of, sharer by, place& mine);
    void serve_waiting(host& of);
    void close_expired(host& of);
    void publish();

    worker& home_;
    client_limits limits_;
    std::map<origin, std::unique_ptr<host>> hosts_;
    bool closed_ = false;
    std::atomic<std::uint32_t> shown_idle_{0}, shown_active_{0}, shown_waiting_{0};
};

/// A connection, or the right to open one, until the lease is destroyed.
class pool::lease {
public:
    lease(std::shared_ptr<pool> from, host& of, sharer by, std::unique_ptr<connection> what)
        : from_(std::move(from)),
          of_(&of),
          by_(by),
          connection_(std::move(what)),
          reused_(connection_ != nullptr) {}
    lease(lease&& other) noexcept = default;
    lease& operator=(lease&&) = delete;
    ~lease() {
        if (from_) from_->give_back(*of_, by_, std::move(connection_), clean_);
    }

    connection* get() const { return connection_.get(); }
    /// It has carried a request before, so it may be stale.
    bool reused() const { return reused_; }
    /// Fills the slot.
    void opened(std::unique_ptr<connection> what) { connection_ = std::move(what); }
    /// Closes the connection and keeps the slot.
    void drop() {
        connection_.reset();
        reused_ = false;
    }
    /// The connection is in step and may carry the next request.
    void mark_clean() { clean_ = true; }

private:
    std::shared_ptr<pool> from_;
    host* of_;
    sharer by_;
    std::unique_ptr<connection> connection_;
    bool reused_;
    bool clean_ = false;
};

} // namespace gateway::outbound
