#include "deterministic/simulated_engine.hpp"

#include "runtime/shared_wait.hpp"
#include "store/job_queue.hpp"
#include "store/queries.hpp"

#include <utility>

namespace gateway::simulation {

using store::job_queue;

namespace {

task<void> beat_once(store::transaction& at, milliseconds silent_max) {
    store::statement beat{
        "INSERT INTO store_instances (owner, alive_until, is_replica) VALUES ($1, now_ms() + $2, 1) "
        "ON CONFLICT (owner) DO UPDATE SET alive_until = excluded.alive_until",
        at.owner(), silent_max};
    return execute(at, std::move(beat));
}

} // namespace

void store_wire::carry(std::function<void()> apply, std::function<void(bool good)> answer) {
    const auto there = world_.chance().between(faults.fastest, faults.slowest);
    const auto back = world_.chance().between(faults.fastest, faults.slowest);
    const bool lost_before = world_.chance().permille(faults.lost_before_permille);
    const bool lost_after = world_.chance().permille(faults.lost_after_permille);
    const bool silent = world_.chance().permille(faults.silent_permille);
    world_.after(there, [this, back, lost_before, lost_after, silent, apply = std::move(apply),
                         answer = std::move(answer)] {
        const bool reached = !down && !lost_before;
        if (reached) apply();
        if (!silent) world_.after(back, [answer, good = reached && !lost_after] { answer(good); });
    });
}

simulated_engine::simulated_engine(simulated_database& at) : engine({}), at_(at) {
    at_.living.insert(owner_);
    at_.perform(*store::make_work(&beat_once, milliseconds{std::chrono::hours{24 * 365}}), owner_);
}

simulated_engine::simulated_engine(simulated_database& at, store_wire& wire, task_group& background)
    : engine({}), at_(at), wire_(&wire), background_(&background) {
    at_.living.insert(owner_);
    at_.perform(*store::make_work(&beat_once, limits().silent_max), owner_);
}

simulated_engine::~simulated_engine() {
    at_.living.erase(owner_);
    if (wire_) return; // a replica of a world crashes without deregistering
    store::statement gone{"DELETE FROM store_instances WHERE owner = $1", owner_};
    at_.ask(gone);
}

/// Both ends share the work, because either may be destroyed first.
task<std::optional<failure>> simulated_engine::perform(job& what) {
    if (what.until.passed(steady_now())) co_return job_queue::too_late();
    if (!wire_) {
        at_.perform(*what.what, owner_);
        co_return std::nullopt;
    }
    const auto answer = std::make_shared<shared_wait<bool>>();
    what.what->note_begun();
    wire_->carry([&at = at_, work = what.what, owner = owner_] { at.perform(*work, owner); },
                 [answer](bool good) { answer->set(good); });
    const auto good = co_await answer->wait(what.until);
    if (!good) co_return job_queue::too_late();
    if (!*good) co_return job_queue::unavailable();
    co_return std::nullopt;
}

task<result<void>> simulated_engine::beat(deadline until) {
    return run(*this, store::unit::writes(), until, &beat_once, limits().silent_max);
}

void simulated_engine::spawn(task<void> background) {
    if (background_) background_->spawn(std::move(background)); // without a wire there are no late writes
}

} // namespace gateway::simulation
