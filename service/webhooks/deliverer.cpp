#include "webhooks/deliverer.hpp"

#include "webhooks/deliverer_state.hpp"

#include <chrono>
#include <utility>

namespace gateway::webhooks {
namespace {

constexpr seconds look_at_oldest_every{5};
constexpr milliseconds look_at_drain_every{20};
/// A turn also without work, so that others hear in time that this replica has another URL than one that has
/// ended.
constexpr seconds turn_every{600};

} // namespace

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
