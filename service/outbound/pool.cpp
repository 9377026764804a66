#include "outbound/pool.hpp"

#include "base/memory/memory_reserve.hpp"
#include "runtime/worker.hpp"

#include <unordered_map>
#include <utility>

namespace gateway::outbound {
namespace {

// Upload hosts come from TikTok's answers; above this number of origins the unused ones are removed.
constexpr std::size_t hosts_max = 64;

failure no_turn() {
    return failure{errc::overloaded, "No connection to TikTok became free in time."};
}

} // namespace

struct pool::place {
    waiter turn;
    bool granted = false;
    std::unique_ptr<connection> what; // null if granted: a slot to open one with
};

struct pool::host final : deadline_sweep::entry {
    explicit host(pool& of) : owner(of), policy(of.limits_) {}

    pool& owner;
    policy_type policy;
    std::unordered_map<policy_type::ticket, place*> line;

private:
    void on_expired() override { owner.close_expired(*this); }
};

pool::pool(worker& home, client_limits limits) : home_(home), limits_(limits) {}
pool::~pool() = default;

pool::host& pool::host_of(const origin& to) {
    if (const auto found = hosts_.find(to); found != hosts_.end()) return *found->second;
    if (hosts_.size() >= hosts_max)
        std::erase_if(hosts_, [](const auto& one) {
            const auto& policy = one.second->policy;
            return policy.active() + policy.idle() + policy.waiting() == 0;
        });
    return *hosts_.emplace(to, std::make_unique<host>(*this)).first->second;
}

std::optional<pool::lease> pool::acquire_now(const origin& to, sharer by) {
    if (closed_) return std::nullopt;
    const memory_reserve::scope no_failure; // a slot that is taken must get its lease
    host& of = host_of(to);
    while (auto got = of.policy.ask(by)) {
        auto what = got->connection ? std::move(*got->connection) : nullptr;
        if (what && !what->is_quiet()) {
            what.reset();
            of.policy.closed(by); // the peer closed it or sent bytes without a request
            continue;
        }
        publish();
        return lease(shared_from_this(), of, by, std::move(what));
    }
    return std::nullopt;
}

/// After acquire_now(). Nothing if there is no place.
std::optional<pool::policy_type::ticket> pool::stand_in_line(host& of, sharer by, place& mine) {
    const memory_reserve::scope no_failure; // the policy and the line must have the same places
    const auto ticket = of.policy.stand_in_line(by);
    if (ticket) of.line.emplace(*ticket, &mine);
    return ticket;
}

task<result<pool::lease>> pool::acquire(const origin& to, sharer by, deadline until) {
    if (closed_) co_return failure{errc::draining, "This replica is shutting down."};
    if (auto now = acquire_now(to, by)) co_return std::move(*now);
    host& of = host_of(to);
    place mine{waiter(home_.executor(), until)};
    const auto ticket = stand_in_line(of, by, mine);
    if (!ticket) co_return no_turn();

    struct registration {
        pool& from;
        host& of;
        sharer by;
        policy_type::ticket ticket;
        place& mine;
        ~registration() {
            of.line.erase(ticket);
            // Granted to a coroutine that has stopped waiting at the same time (late, or cancelled): the next
            // one gets it.
            if (mine.granted)
                from.give_back(of, by, std::move(mine.what), mine.what != nullptr);
            else
                of.policy.leave(ticket);
            from.publish();
        }
    };
    const auto keep = shared_from_this();
    const registration here{*this, of, by, *ticket, mine};
    publish();
    co_await mine.turn.wait();
    if (!mine.granted) co_return no_turn();
    mine.granted = false; // this call owns it now
    if (mine.what && !mine.what->is_quiet()) mine.what.reset();
    co_return lease(keep, of, by, std::move(mine.what));
}

/// Called by destructors.
void pool::give_back(host& of, sharer by, std::unique_ptr<connection> what, bool clean) {
    const memory_reserve::scope no_failure;
    const bool keep = clean && what && !closed_;
    if (keep) {
        if (of.policy.waiting() == 0) what->relax();
        of.policy.give_back(by, std::move(what), coarse_steady_now());
    } else {
        what.reset(); // closed before the next one opens, because descriptors are limited, too
        of.policy.closed(by);
    }
    if (of.policy.waiting() > 0) serve_waiting(of);
    if (keep && !of.armed())
        if (const auto next = of.policy.next_expiry()) of.arm(home_.sweep(), deadline{*next});
    publish();
}

void pool::serve_waiting(host& of) {
    while (auto next = of.policy.next()) {
        place& served = *of.line.at(next->to);
        served.granted = true;
        if (next->connection) served.what = std::move(*next->connection);
        served.turn.wake();
    }
}

void pool::close_expired(host& of) {
    of.policy.expired(steady_now()); // which closes them
    if (const auto next = of.policy.next_expiry()) of.arm(home_.sweep(), deadline{*next});
    publish();
}

void pool::close() {
    closed_ = true;
    for (auto& [to, of] : hosts_) {
        of->disarm();
        of->policy.take_idle();
    }
    publish();
}

void pool::publish() {
    std::uint32_t idle = 0, active = 0, waiting = 0;
    for (const auto& [to, of] : hosts_) {
        idle += of->policy.idle();
        active += of->policy.active();
        waiting += of->policy.waiting();
    }
    shown_idle_.store(idle, std::memory_order_relaxed);
    shown_active_.store(active, std::memory_order_relaxed);
    shown_waiting_.store(waiting, std::memory_order_relaxed);
}

pool_stats pool::stats() const {
    pool_stats now;
    now.idle = shown_idle_.load(std::memory_order_relaxed);
    now.active = shown_active_.load(std::memory_order_relaxed);
    now.waiting = shown_waiting_.load(std::memory_order_relaxed);
    return now;
}

} // namespace gateway::outbound
