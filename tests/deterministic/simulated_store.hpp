// The port to what is durable, on a simulated database: each replica has one, and a wire between the two that
// is slow, loses calls before they are done and answers after, and breaks. What was on its way when a replica
// died is done nevertheless, or not. Without a wire it answers at once: so the suite of the port can hold it
// against the real engines.
#pragma once
#include "deterministic/database.hpp"
#include "deterministic/world.hpp"

#include <functional>
#include <memory>

namespace gateway::simulation {

struct wire_faults {
    microseconds fastest{200};
    microseconds slowest{3'000};
    std::uint64_t lost_before_permille = 0; // never done
    std::uint64_t lost_after_permille = 0;  // done, and the answer never came
    std::uint64_t silent_permille = 0;      // no answer and no end either
};

/// Outlives the stores on it and whatever they have sent.
class store_wire {
public:
    explicit store_wire(world& in) : world_(in) {}
    void carry(std::function<void()> apply, std::function<void(bool good)> tell);

    wire_faults faults;
    bool down = false; // nothing gets through (K04)

private:
    world& world_;
};

std::unique_ptr<store::store> make_simulated_store(database& at, store_wire* wire);

} // namespace gateway::simulation
