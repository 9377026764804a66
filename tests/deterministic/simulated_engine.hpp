// The engine of a simulated replica: a wire between it and the database that is slow, loses units before they
// are done and answers after, and breaks. What was on its way when a replica died, or when its caller gave
// up, is done nevertheless, or not. Without a wire it answers at once: so the suite of the roles can hold it
// against the real engines, and whoever judges a run can look.
#pragma once
#include "deterministic/simulated_database.hpp"
#include "deterministic/world.hpp"
#include "runtime/task_group.hpp"
#include "store/engine.hpp"

#include <functional>
#include <memory>
#include <string>

namespace gateway::simulation {

struct wire_faults {
    microseconds fastest{200};
    microseconds slowest{3'000};
    std::uint64_t lost_before_permille = 0; // never done
    std::uint64_t lost_after_permille = 0;  // done, and the answer never came
    std::uint64_t silent_permille = 0;      // no answer and no end either
};

/// Outlives the engines on it and whatever they have sent.
class store_wire {
public:
    explicit store_wire(world& in) : world_(in) {}
    void carry(std::function<void()> apply, std::function<void(bool good)> answer);

    wire_faults faults;
    bool down = false; // nothing gets through (K04)

private:
    world& world_;
};

class simulated_engine final : public store::engine {
public:
    /// Without a wire: answers at once, and says goodbye to the database when it ends.
    explicit simulated_engine(simulated_database& at);
    /// Of a replica; what it does by itself runs in `background`, which ends before it.
    simulated_engine(simulated_database& at, store_wire& wire, task_group& background);
    ~simulated_engine() override;

    task<std::optional<failure>> perform(job& what) override;
    task<result<void>> beat(deadline until) override;
    /// What was sent arrives at some time or never, also after its caller has given up.
    milliseconds visible_within() const override { return wire_ ? 2 * limits().job_max : milliseconds{0}; }
    void spawn(task<void> background) override;
    void stop() override {}

private:
    simulated_database& at_;
    store_wire* wire_ = nullptr;
    task_group* background_ = nullptr;
    const std::string owner_ = new_ulid(wall_now()); // of rows
};

} // namespace gateway::simulation
