// The webhooks to callers: which event goes to whom, who delivers it now, and when it is tried again
// (docs/contract.md §12). A row of webhook_events is a fact, one of webhook_deliveries a fact that one caller
// has not taken yet. All that changes deliveries runs under one lock, so that of each caller and subject one
// delivery is under way at most, on all replicas, and the oldest first. Times are the database's. A role of
// the store; any thread.
#pragma once
#include "store/outgoing_event.hpp"
#include "store/role.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gateway::store {

/// One that this process has claimed, to be sent once.
struct delivery {
    std::uint64_t number = 0;
    caller_name caller;
    std::string event; // the webhook-id
    std::string subject;
    event_type type = event_type::post_published;
    std::uint32_t tries = 0; // with this one
    std::string body;
};

/// What came of it. `ended`: the receiver has answered 410, so its URL is sent nothing more; the delivery is
/// due again, for a replica that has another URL of its caller, and is dropped when there is none.
struct delivery_end {
    enum class kind { taken, again, ended } what = kind::again;
    delivery of;          // its body is not needed
    milliseconds wait{0}; // before it is tried again
    std::string url_hash; // of the receiver that has ended
};

struct open_receiver {
    caller_name caller;
    std::string url_hash;
};
/// How many deliveries the receiver at this place may be sent now. Called inside the unit, too, once for each
/// that has something due: what it gives counts as taken.
using room_of = std::function<std::size_t(std::size_t receiver)>;

/// The callers who are told of an event: called inside the unit, on the store's thread, so it must not wait.
using receivers_of = std::function<std::vector<caller_name>(const caller_name& of_post, const user_id& user)>;

struct outbox_turn {
    std::vector<delivery_end> ends;
    std::vector<open_receiver> receivers; // in order of their callers
    room_of room;
    caller_name served; // by the turn before, the last one
    receivers_of told;
    milliseconds claim{0};        // for so long nobody else takes what is claimed
    milliseconds retry{0};        // then a delivery is given up
    milliseconds keep{0};         // then an event cannot be asked for again
    milliseconds heard_within{0}; // after a 410: whoever has another URL of its caller has had a turn
};

/// One that was given up, or dropped because its receiver has ended.
struct dropped_delivery {
    caller_name caller;
    event_type type = event_type::post_published;
    std::string event;
    wall_time queued_at;
    bool is_later = false; // queued after the receiver had ended
};

struct outbox_claims {
    std::vector<delivery> claimed;
    std::vector<dropped_delivery> given_up, ended;
    caller_name served;    // or looked at, the last one, for the next turn
    bool has_more = false; // of what a turn does in portions
};

inline constexpr std::uint64_t redelivered_max = 10'000;

/// What POST /v1/webhooks/redeliver asks for.
struct redelivery {
    caller_name caller;
    std::vector<std::string> users; // patterns: of whom events of connections may be asked for
    std::vector<event_type> types;  // empty: all
    wall_time since, until;         // by an event's created_at; `until` is not included
    milliseconds retry{0};
    std::uint64_t looked_at_max = redelivered_max;
};
struct redelivered {
    std::uint64_t queued = 0;
    std::optional<wall_time> next_since; // later than all that was looked at: there may be more from then on
};

class outbox : private role {
public:
    using role::role;

    /// Whether a turn has something to do: an event that is not distributed yet, or a delivery that is due.
    task<result<bool>> has_work(deadline until);
    /// One step of everything: writes down the ends, distributes new events, gives up what is too old, and
    /// claims what is due for receivers with room. Each in portions.
    task<result<outbox_claims>> turn(outbox_turn what, deadline until);
    /// When the oldest event was made that somebody has still to take; nothing: there is none.
    task<result<std::optional<wall_time>>> oldest_undelivered(deadline until);

    /// Whether this receiver has answered 410.
    task<result<bool>> has_ended(caller_name caller, std::string url_hash, deadline until);
    /// Queues events again, each under its own id and with its own body; what waits already is not queued
    /// twice. One call looks at `looked_at_max` and what else is of the same instant, or takes half of its
    /// time.
    task<result<redelivered>> redeliver(redelivery what, deadline until);

    /// For outbox_turn: zero if the store has one process.
    milliseconds heard_within() const;
};

} // namespace gateway::store
