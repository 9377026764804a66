// The engine of a simulated replica: a connection to the database that is slow, loses units and answers, and
// breaks. A unit in flight when a replica crashes, or when its caller gives up, may still be done. Without a
// wire it answers at once, for the test suite of the roles and for the checks of a run.
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
    std::uint64_t lost_after_permille = 0;  // done, but the answer is lost
    std::uint64_t silent_permille = 0;      // no answer and no error
};

/// Outlives its engines and their messages.
class store_wire {
public:
    explicit store_wire(world& in) : world_(in) {}
    void carry(std::function<void()> apply, std::function<void(bool good)> answer);

    wire_faults faults;
    bool down = false; // the database is unreachable (K04)

private:
    world& world_;
};

class simulated_engine final : public store::engine {
public:
    /// Without a wire: answers at once, and deregisters in its destructor.
    explicit simulated_engine(simulated_database& at);
    /// For a replica; its background coroutines run in `background`, which ends before it.
    simulated_engine(simulated_database& at, store_wire& wire, task_group& background);
    ~simulated_engine() override;

    task<std::optional<failure>> perform(job& what) override;
    task<result<void>> beat(deadline until) override;
    /// A sent unit may still be done after its caller has given up.
    milliseconds visible_within() const override { return wire_ ? 2 * limits().job_max : milliseconds{0}; }
    void spawn(task<void> background) override;
    void stop() override {}

private:
    simulated_database& at_;
    store_wire* wire_ = nullptr;
    task_group* background_ = nullptr;
    const std::string owner_ = new_ulid(wall_now()); // the owner of its rows
};

} // namespace gateway::simulation
