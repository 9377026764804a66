// What a turn of a deliverer asks of the outbox, and what is noted of its answer and of each delivery.
#include "webhooks/deliverer_state.hpp"

#include <algorithm>

namespace gateway::webhooks {
namespace {

constexpr std::size_t ends_at_once = 50;

} // namespace

/// By values of its own, because the store calls it on its own thread.
store::room_of deliverer::state::room_now() {
    if (closing) return [](std::size_t) { return std::size_t{0}; };
    shared_places places;
    for (const auto& [caller, pace] : paces)
        places.count(pace);
    std::vector<receiver_pace> of;
    for (const auto& one : *receivers)
        of.push_back(paces[one.caller]);
    return [places, of = std::move(of), now = steady_now()](std::size_t receiver) mutable {
        return places.take(of[receiver], now);
    };
}

store::outbox_turn deliverer::state::next_turn() {
    store::outbox_turn what;
    what.ends.assign(ends.begin(),
                     ends.begin() + static_cast<std::ptrdiff_t>(std::min(ends.size(), ends_at_once)));
    what.served = served;
    what.told = [list = receivers](const caller_name& of_post, const user_id& user) {
        return told_of(*list, of_post, user);
    };
    what.claim = claim();
    what.retry = std::chrono::hours{options.retry_hours};
    what.keep = std::chrono::hours{24} * options.keep_days;
    what.heard_within = outbox.heard_within();
    for (const auto& one : *receivers)
        what.receivers.push_back({one.caller, one.url_hash});
    what.room = room_now();
    return what;
}

/// One line for each URL, of the replica that was told so and of each that drops what waits for it. A URL
/// that the settings have replaced meanwhile is of no interest.
void deliverer::state::note_receiver_ended(const receiver& which) {
    const auto* now = find_receiver(*receivers, which.caller);
    if (now == nullptr || now->url_hash != which.url_hash) return;
    if (std::exchange(told_ended[which.caller], which.url_hash) == which.url_hash) return;
    sink.log(telemetry::level::error, "webhook_receiver_ended",
             {{"caller", which.caller.text()},
              {"reason", "it answered 410: nothing more is sent to this webhook_url"},
              {"cure", "give the caller another webhook_url"}});
}

void deliverer::state::note(const store::outbox_claims& got, const std::vector<receiver>& by) {
    for (const auto& one : got.given_up)
        count(one.type, out_result::given_up);
    for (const auto& one : got.ended) {
        count(one.type, one.is_later ? out_result::skipped : out_result::ended);
        if (const auto* which = find_receiver(by, one.caller)) note_receiver_ended(*which);
    }
    std::map<caller_name, std::pair<std::size_t, std::string>> by_caller; // one line for each
    for (const auto& one : got.given_up) {
        auto& [number, event] = by_caller[one.caller];
        ++number;
        event = one.event;
    }
    for (const auto& [caller, lost] : by_caller)
        sink.log(telemetry::level::error, "webhooks_given_up",
                 {{"caller", caller.text()},
                  {"count", std::to_string(lost.first)},
                  {"webhook_id", lost.second},
                  {"cure", "when the receiver answers again: POST /v1/webhooks/redeliver"}});
}

/// One line when it begins, not for each try.
void deliverer::state::note_failing(const receiver& to, const store::delivery& what,
                                    const std::string& reason) {
    auto& pace = paces[to.caller];
    const bool was_failing = pace.is_failing();
    pace.failed(steady_now(), options.first_retry, random_unit());
    if (pace.is_failing() && !was_failing)
        sink.log(telemetry::level::warn, "webhook_receiver_fails",
                 {{"caller", to.caller.text()}, {"webhook_id", what.event}, {"reason", reason}});
}

void deliverer::state::ended(const store::delivery& what, const receiver& to, const sent& got) {
    using kind = store::delivery_end::kind;
    store::delivery_end end;
    end.of = what;
    end.of.body.clear();
    switch (got.what) {
        case sent::kind::taken:
            end.what = kind::taken;
            count(what.type, out_result::taken);
            if (paces[to.caller].is_failing())
                sink.log(telemetry::level::info, "webhook_receiver_is_back", {{"caller", to.caller.text()}});
            paces[to.caller].succeeded();
            break;
        case sent::kind::ended:
            end.what = kind::ended;
            end.url_hash = to.url_hash;
            note_receiver_ended(to);
            break;
        case sent::kind::failed:
            end.what = kind::again;
            end.wait = retry_wait(options.first_retry, what.tries, random_unit());
            count(what.type, out_result::failed);
            note_failing(to, what, got.reason);
    }
    ends.push_back(std::move(end));
}

} // namespace gateway::webhooks
