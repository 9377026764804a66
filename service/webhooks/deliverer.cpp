#include "webhooks/deliverer.hpp"

#include "runtime/waiter.hpp"
#include "runtime/worker.hpp"
#include "telemetry/sink.hpp"
#include "webhooks/pace.hpp"
#include "webhooks/sender.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gateway::webhooks {
namespace {

constexpr milliseconds look_every{250}; // for new events, and for what is due
constexpr milliseconds look_every_without_receivers{2'000};
constexpr milliseconds again_after{1'000}; // the store is away
constexpr seconds step_within{10};
constexpr seconds look_at_oldest_every{5};
constexpr milliseconds look_at_drain_every{20};
constexpr std::size_t ends_at_once = 50;
/// A turn also without work, so that others hear in time that this replica has another URL than one that has
/// ended.
constexpr seconds turn_every{600};

} // namespace

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

/// Counts a delivery until its coroutine ends, in whatever way.
class deliverer::under_way {
public:
    under_way(std::shared_ptr<state> of, const caller_name& to) : of_(std::move(of)), pace_(of_->paces[to]) {
        ++of_->under_way;
        pace_.started();
    }
    under_way(const under_way&) = delete;
    under_way& operator=(const under_way&) = delete;
    ~under_way() {
        --of_->under_way;
        pace_.ended(std::chrono::ceil<milliseconds>(steady_now() - began_));
        of_->wake();
    }

private:
    std::shared_ptr<state> of_;
    receiver_pace& pace_; // a map's values keep their places
    const steady_time began_ = steady_now();
};

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

deliverer::deliverer(const parts& with, const settings::webhooks& how, receiver_list to)
    : state_(std::make_shared<state>(with, how, std::move(to))) {}
deliverer::~deliverer() {
    state_->out.reset();
}

task<void> deliverer::deliver(std::shared_ptr<state> of, store::delivery what,
                              [[maybe_unused]] receiver_list owner_of_to, const receiver* to,
                              deadline claimed_until) {
    const under_way counted(of, to->caller);
    const auto until = deadline::in(steady_now(), of->options.deadline).no_later_than(claimed_until);
    const auto got = co_await of->out->send(what, *to, until);
    of->ended(what, *to, got);
}

/// Gives whether there is more to do at once.
task<bool> deliverer::turn(std::shared_ptr<state> of) {
    if (of->ends.empty() && steady_now() < of->next_turn_at) {
        const auto has_work = co_await of->outbox.has_work(deadline::in(steady_now(), step_within));
        if (!has_work || !*has_work) co_return false;
    }
    auto what = of->next_turn();
    const auto written = static_cast<std::ptrdiff_t>(what.ends.size());
    const auto list = of->receivers;
    const auto claimed_until = deadline::in(steady_now(), of->claim());
    of->next_turn_at = steady_now() + turn_every;
    auto got = co_await of->outbox.turn(std::move(what), deadline::in(steady_now(), step_within));
    if (!got) { // the ends are written again by the next turn
        of->next_turn_at = {};
        co_await pause_until(deadline::in(steady_now(), again_after));
        co_return false;
    }
    of->ends.erase(of->ends.begin(), of->ends.begin() + written);
    of->served = got->served;
    of->note(*got, *list);
    for (auto& one : got->claimed) {
        const auto* to = find_receiver(*list, one.caller);
        if (to != nullptr) of->home.group().spawn(deliver(of, std::move(one), list, to, claimed_until));
    }
    co_return got->has_more || !got->claimed.empty() || !of->ends.empty();
}

task<void> deliverer::run() {
    const auto of = state_;
    bool has_more = false;
    while (!of->is_done()) {
        if (!has_more && of->ends.empty()) {
            waiter pause(of->home.executor(), deadline::in(steady_now(), of->pause()));
            of->idle = &pause;
            struct leaving {
                state& of;
                ~leaving() { of.idle = nullptr; }
            } const leave{*of};
            co_await pause.wait();
        }
        if (of->is_done()) break;
        has_more = false;
        if (of->store_is_good.load(std::memory_order_relaxed))
            has_more = co_await turn(of);
        else if (!of->ends.empty())
            co_await pause_until(deadline::in(steady_now(), again_after));
    }
    of->out->close();
}

task<void> deliverer::watch_oldest() {
    const auto of = state_;
    while (true) {
        const auto next = deadline::in(steady_now(), look_at_oldest_every);
        if (of->store_is_good.load(std::memory_order_relaxed)) {
            const auto oldest = co_await of->outbox.oldest_undelivered(next);
            if (oldest) of->oldest.store(oldest->value_or(wall_time{}));
        }
        co_await pause_until(next);
    }
}

void deliverer::change_receivers(receiver_list to) {
    state_->receivers = std::move(to);
    state_->next_turn_at = {}; // others hear at once of a URL that is another than one that has ended
    state_->wake();
}

task<void> deliverer::drain(deadline until) {
    const auto of = state_;
    of->closing = true;
    of->wake();
    while (!of->is_done() && !until.passed(steady_now()))
        co_await pause_until(deadline::in(steady_now(), look_at_drain_every).no_later_than(until));
}

std::uint64_t deliverer::count(store::event_type type, out_result result) const {
    return state_->counts.at(static_cast<std::size_t>(type))
        .at(static_cast<std::size_t>(result))
        .load(std::memory_order_relaxed);
}

wall_time deliverer::oldest_undelivered() const {
    return state_->oldest.load();
}

} // namespace gateway::webhooks
