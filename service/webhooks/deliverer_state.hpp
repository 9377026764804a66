// What the turns and the deliveries of a deliverer share: the receivers with their paces, and what is still
// to be written down. Private to deliverer; lives as long as one of them. On its home worker, but for the
// counts.
#pragma once
#include "runtime/waiter.hpp"
#include "runtime/worker.hpp"
#include "telemetry/sink.hpp"
#include "webhooks/deliverer.hpp"
#include "webhooks/pace.hpp"
#include "webhooks/sender.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gateway::webhooks {

inline constexpr milliseconds look_every{250}; // for new events, and for what is due
inline constexpr milliseconds look_every_without_receivers{2'000};
inline constexpr milliseconds again_after{1'000}; // the store is away
inline constexpr seconds step_within{10};

struct deliverer::state {
    state(const parts& with, const settings::webhooks& how, receiver_list to)
        : home(with.home),
          outbox(with.outbox),
          sink(with.sink),
          store_is_good(with.store_is_good),
          out(std::in_place, with.home, with.tls, with.names, with.addresses, with.callers),
          options(how),
          receivers(std::move(to)) {}

    worker& home;
    store::outbox& outbox;
    telemetry::sink& sink;
    const std::atomic<bool>& store_is_good;
    std::optional<sender> out; // ends with the deliverer, before the loop does
    const settings::webhooks options;

    receiver_list receivers;
    std::map<caller_name, receiver_pace> paces;
    std::map<caller_name, std::string> told_ended; // url_hash of what the log has named
    steady_time next_turn_at{};                    // also without work
    caller_name served;                            // by the last turn
    std::size_t under_way = 0;
    std::vector<store::delivery_end> ends; // to be written down
    waiter* idle = nullptr;                // of run(), while it waits
    bool closing = false;

    std::array<std::array<std::atomic<std::uint64_t>, out_results.size()>, store::event_types> counts{};
    std::atomic<wall_time> oldest{wall_time{}};

    void count(store::event_type type, out_result result) {
        counts.at(static_cast<std::size_t>(type))
            .at(static_cast<std::size_t>(result))
            .fetch_add(1, std::memory_order_relaxed);
    }
    void wake() {
        if (idle != nullptr) idle->wake();
    }
    bool is_done() const { return closing && under_way == 0 && ends.empty(); }
    milliseconds pause() const {
        if (!store_is_good.load(std::memory_order_relaxed)) return again_after;
        return receivers->empty() ? look_every_without_receivers : look_every;
    }
    /// From before the turn that claims. Its answer may take one step, and what came of the delivery is
    /// written by another one: a replica whose store is as slow as that still sends nothing that is another's
    /// by then.
    milliseconds claim() const { return options.deadline + 2 * milliseconds{step_within}; }
    store::outbox_turn next_turn();
    store::room_of room_now();
    void note_receiver_ended(const receiver& which);
    void note(const store::outbox_claims& got, const std::vector<receiver>& by);
    void note_failing(const receiver& to, const store::delivery& what, const std::string& reason);
    void ended(const store::delivery& what, const receiver& to, const sent& got);
};

} // namespace gateway::webhooks
