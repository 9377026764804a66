#include "fault/chaos/turmoil.hpp"

#include "fault/campaign.hpp"

#include <algorithm>
#include <iterator>

namespace fault {
namespace {

using gateway::milliseconds;
using gateway::steady_now;

constexpr milliseconds least_pause{250}, most_pause{1'200}; // between two disturbances
constexpr milliseconds down_for{1'000}, start_again{500};
constexpr milliseconds step_comes_within{4'000}; // otherwise the armed replica is killed, or goes on
constexpr milliseconds look_every{10};
constexpr unsigned in_hundred = 100, kills_in_hundred = 60, freezes_in_hundred = 12, steps_in_hundred = 18;
constexpr std::string_view between_answer_and_store = "refresh.answered";

} // namespace

turmoil::turmoil(turmoil_plan plan, replica_set& replicas, findings& found)
    : plan_(plan), replicas_(replicas), found_(found), dice_(plan.seed), states_(replicas.count()) {}

milliseconds turmoil::between(milliseconds least, milliseconds most) {
    return least + milliseconds{dice_() % static_cast<std::uint32_t>((most - least).count() + 1)};
}

void turmoil::start_all() {
    for (std::size_t i = 0; i < states_.size(); ++i)
        while (states_[i].now == condition::down)
            start(i);
}

void turmoil::start(std::size_t which) {
    auto& one = states_[which];
    found_.count(figure::starts);
    if (database_is_away_) found_.count(figure::starts_without_database);
    const auto why = replicas_.start(which);
    if (!why.empty()) {
        found_.broken(promise::starts_succeed,
                      std::string(database_is_away_ ? "without the database: " : "") + why);
        one.due = steady_now() + start_again;
        return;
    }
    one = {.now = condition::up};
}

void turmoil::kill(std::size_t which) {
    replicas_.kill(which);
    ++kills_;
    found_.count(figure::kills);
    states_[which] = {.now = condition::down, .due = steady_now() + between(milliseconds{0}, down_for)};
}

void turmoil::freeze(std::size_t which) {
    replicas_.freeze(which);
    found_.count(figure::freezes);
    states_[which] = {.now = condition::frozen,
                      .due = steady_now() + between(plan_.freeze_least, plan_.freeze_most)};
}

std::string turmoil::step_for(std::size_t which) {
    const auto roll = dice_() % (std::size(refresh_steps) + std::size(post_steps));
    const bool refreshes = roll < std::size(refresh_steps);
    const std::string step = refreshes ? refresh_steps[roll] : post_steps[roll - std::size(refresh_steps)];
    // Killed there it has read the new pair and not stored it; the lab's own campaign does that on purpose.
    const bool must_wake = step == between_answer_and_store;
    const bool stops = must_wake || dice_() % 2 == 0;
    states_[which] = {.now = stops ? condition::armed_to_stop : condition::armed_to_kill,
                      .due = steady_now() + step_comes_within,
                      .must_wake = must_wake};
    return step + ":" + std::to_string(1 + dice_() % 3) + (stops ? ":stop" : ":kill");
}

void turmoil::start_at_a_step(std::size_t which) {
    kill(which);
    found_.count(figure::starts);
    const auto why = replicas_.start(which, step_for(which));
    if (why.empty()) return;
    // It may have come to its step before it told its ports.
    states_[which] = {.now = condition::down, .due = steady_now() + start_again};
}

void turmoil::stop_database() {
    replicas_.disturb_all();
    plan_.database->stop();
    database_is_away_ = true;
    database_due_ = steady_now() + between(plan_.away_least, plan_.away_most);
    found_.count(figure::database_stops);
}

bool turmoil::may_be_disturbed(std::size_t which) const {
    const auto& one = states_[which];
    return one.now == condition::up || (one.now == condition::frozen && !one.must_wake);
}

void turmoil::disturb() {
    const auto roll = dice_() % in_hundred;
    const auto which = dice_() % states_.size();
    if (!may_be_disturbed(which)) return;
    const bool frozen = states_[which].now == condition::frozen;
    if (roll < kills_in_hundred)
        kill(which);
    else if (roll < kills_in_hundred + freezes_in_hundred && !frozen)
        freeze(which);
    else if (roll < kills_in_hundred + freezes_in_hundred + steps_in_hundred && !database_is_away_)
        start_at_a_step(which);
    else if (plan_.database && !database_is_away_)
        stop_database();
}

void turmoil::do_what_is_due_for(std::size_t which, gateway::steady_time now) {
    auto& one = states_[which];
    if (one.now == condition::armed_to_kill || one.now == condition::armed_to_stop) {
        if (replicas_.killed_itself(which)) {
            ++kills_;
            found_.count(figure::kills);
            found_.count(figure::kills_at_steps);
            one = {.now = condition::down, .due = now + between(milliseconds{0}, down_for)};
            return;
        }
        if (one.now == condition::armed_to_stop && replicas_.stands_still(which)) {
            const bool must_wake = one.must_wake;
            freeze(which); // it stands still already: counts, and sets when it wakes
            found_.count(figure::stops_at_steps);
            one.must_wake = must_wake;
            return;
        }
    }
    if (now < one.due) return;
    if (one.now == condition::frozen) {
        replicas_.wake(which);
        one = {.now = condition::up};
    } else if (one.now == condition::armed_to_kill) {
        kill(which);
    } else if (one.now == condition::armed_to_stop) {
        // Its step did not come and may still: it is started anew without one.
        kill(which);
    } else if (one.now == condition::down) {
        start(which);
    }
}

void turmoil::do_what_is_due(gateway::steady_time now) {
    if (database_is_away_ && now >= database_due_) {
        plan_.database->start();
        database_is_away_ = false;
        replicas_.disturb_all();
    }
    for (std::size_t i = 0; i < states_.size(); ++i)
        do_what_is_due_for(i, now);
}

void turmoil::calm_down() {
    const auto is_up = [](const state& one) { return one.now == condition::up; };
    while (database_is_away_ || !std::all_of(states_.begin(), states_.end(), is_up)) {
        do_what_is_due(steady_now());
        never_.within(look_every);
    }
}

void turmoil::rage_until(std::size_t kills) {
    auto next = steady_now();
    while (kills_ < kills) {
        const auto now = steady_now();
        do_what_is_due(now);
        if (now >= next) {
            disturb();
            next = steady_now() + between(least_pause, most_pause);
        }
        never_.within(look_every);
    }
    calm_down();
}

} // namespace fault
