#include "outbound/pool.hpp"

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

std::optional<pool::lease> pool::acquire_now(const origin& to) {
    if (closed_) return std::nullopt;
    host& of = host_of(to);
    while (of.policy.idle() > 0) {
        auto what = of.policy.ask().connection;
        const bool quiet = what->is_quiet();
        if (quiet) {
            publish();
            return lease(shared_from_this(), of, std::move(what));
        }
        of.policy.closed(); // the peer closed it or sent bytes without a request
    }
    if (of.policy.active() >= limits_.connections_per_origin) return std::nullopt;
    of.policy.ask();
    publish();
    return lease(shared_from_this(), of, nullptr);
}

task<result<pool::lease>> pool::acquire(const origin& to, deadline until) {
    if (closed_) co_return failure{errc::draining, "This replica is shutting down."};
    if (auto now = acquire_now(to)) co_return std::move(*now);
    host& of = host_of(to);
    const auto asked = of.policy.ask();
    if (asked.what == policy_type::verdict::refuse) co_return no_turn();

    place mine{waiter(home_.executor(), until)};
    struct registration {
        pool& from;
        host& of;
        policy_type::ticket ticket;
        place& mine;
        ~registration() {
            of.line.erase(ticket);
            // Granted to a coroutine that has stopped waiting at the same time (late, or cancelled): the next
            // one gets it.
            if (mine.granted)
                from.give_back(of, std::move(mine.what), mine.what != nullptr);
            else
                of.policy.leave(ticket);
            from.publish();
        }
    };
    const auto keep = shared_from_this();
    of.line.emplace(asked.place, &mine);
    const registration here{*this, of, asked.place, mine};
    publish();
    co_await mine.turn.wait();
    if (!mine.granted) co_return no_turn();
    mine.granted = false; // this call owns it now
    if (mine.what && !mine.what->is_quiet()) mine.what.reset();
    co_return lease(keep, of, std::move(mine.what));
}

void pool::give_back(host& of, std::unique_ptr<connection> what, bool clean) {
    const bool keep = clean && what && !closed_;
    if (keep) {
        if (of.policy.waiting() == 0) what->relax();
        if (auto next = of.policy.give_back(std::move(what), coarse_steady_now()))
            hand_over(of, std::move(*next));
        else if (!of.armed())
            of.arm(home_.sweep(), deadline{*of.policy.next_expiry()});
    } else {
        what.reset(); // closed before the next one opens, because descriptors are limited, too
        if (auto next = of.policy.closed()) hand_over(of, std::move(*next));
    }
    publish();
}

void pool::hand_over(host& of, policy_type::handover what) {
    place& oldest = *of.line.at(what.to);
    oldest.granted = true;
    if (what.connection) oldest.what = std::move(*what.connection);
    oldest.turn.wake();
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
