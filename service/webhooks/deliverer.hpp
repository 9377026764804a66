// Delivers events to their receivers (docs/contract.md §12): claims what is due from the outbox, sends it,
// and writes down what came of it. At least once, in order per post, to many receivers at the same time. Each
// replica runs one, on its first worker; the claim makes that one of them delivers. Its connections are not
// TikTok's.
#pragma once
#include "outbound/types.hpp"
#include "runtime/task.hpp"
#include "store/outbox.hpp"
#include "webhooks/receivers.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

namespace gateway {
class worker;
}
namespace gateway::outbound {
class resolver;
class tls_client_context;
} // namespace gateway::outbound
namespace gateway::telemetry {
class sink;
}

namespace gateway::webhooks {

/// Labels of webhooks_out_total: a try that was taken or failed; a delivery that was given up after
/// `webhooks.retry_hours`, ended by a 410, or skipped because its receiver had ended before.
enum class out_result { taken, failed, given_up, ended, skipped };
inline constexpr std::array<std::string_view, 5> out_results{"taken", "failed", "given_up", "ended",
                                                             "skipped"};

class deliverer {
public:
    struct parts {
        worker& home;
        store::outbox& outbox;
        const outbound::tls_client_context& tls;
        outbound::resolver& names;
        const outbound::address_rules& addresses;
        const caller_count& callers;
        telemetry::sink& sink;
        const std::atomic<bool>& store_is_good;
    };
    /// All parts outlive the loop of `home`.
    deliverer(const parts& with, const settings::webhooks& how, receiver_list to);
    ~deliverer();
    deliverer(const deliverer&) = delete;
    deliverer& operator=(const deliverer&) = delete;

    /// Until it is cancelled, or drained.
    task<void> run();
    /// Keeps the age of the oldest undelivered event, for a metric; until it is cancelled.
    task<void> watch_oldest();

    /// By SIGHUP. On the home's thread.
    void change_receivers(receiver_list to);
    /// Begins no delivery any more, and waits for those under way and for what came of them. Others take over
    /// what is left.
    task<void> drain(deadline until);

    /// Any thread.
    std::uint64_t count(store::event_type type, out_result result) const;
    /// When the oldest event was made that somebody has still to take; zero: there is none.
    wall_time oldest_undelivered() const;

private:
    struct state;
    class under_way;
    static task<void> deliver(std::shared_ptr<state> of, store::delivery what, receiver_list owner_of_to,
                              const receiver* to, deadline claimed_until);
    static task<bool> turn(std::shared_ptr<state> of);

    std::shared_ptr<state>
        state_; // shared with deliveries, of which some are destroyed later, with their loop
};

} // namespace gateway::webhooks
