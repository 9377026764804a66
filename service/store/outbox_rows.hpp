// The rows that the files of the outbox share: an event as it is handed out, and its delivery to one caller.
// Private to store/.
#pragma once
#include "store/outbox.hpp"
#include "store/outgoing_event.hpp"
#include "store/statement.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace gateway::store {

struct event_to_deliver {
    std::uint64_t number = 0;
    std::string id;
    caller_name caller;
    user_id user;
    std::string subject;
    event_type type = event_type::post_published;
    wall_time created_at;
};
#define EVENT_COLUMNS "number, event_id, caller, user_id, subject, type, created_at"
auto columns_of(row_of<event_to_deliver> auto& of) {
    return columns(of.number, of.id, of.caller, of.user, of.subject, of.type, of.created_at);
}

auto columns_of(row_of<delivery> auto& of) {
    return columns(of.number, of.caller, of.event, of.subject, of.type, of.tries);
}

/// In next_at: an older delivery of the same caller and subject is there. Later than every time.
inline constexpr std::int64_t parked = 9'000'000'000'000'000;

/// Null if this replica knows none of the caller.
inline const open_receiver* find_receiver(const std::vector<open_receiver>& in, const caller_name& caller) {
    const auto found =
        std::lower_bound(in.begin(), in.end(), caller,
                         [](const open_receiver& one, const caller_name& name) { return one.caller < name; });
    return found != in.end() && found->caller == caller ? &*found : nullptr;
}

/// `false`: it waits already. `now` is the database's.
task<bool> add_delivery(transaction& at, const event_to_deliver& event, const caller_name& to,
                        std::int64_t now, milliseconds retry);

} // namespace gateway::store
