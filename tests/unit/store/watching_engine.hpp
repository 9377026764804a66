// An engine over another one, as if of another process on the same store: it notes the deadlines of upkeep,
// and may let somebody else act after each atomic unit.
#pragma once
#include "store/engine.hpp"

#include <functional>
#include <vector>

namespace gateway::testing {

class watching_engine final : public store::engine {
public:
    /// `over` outlives this.
    explicit watching_engine(store::engine& over) : engine(over.limits()), over_(over) {}

    std::vector<steady_time> upkeep_deadlines;
    std::function<task<void>()> after_atomic; // empty: nothing
    int atomic_units = 0;

    task<std::optional<failure>> perform(job& what) override {
        if (what.how.is_upkeep) upkeep_deadlines.push_back(what.until.at());
        auto end = co_await over_.perform(what);
        if (!what.how.atomic) co_return end;
        ++atomic_units;
        if (after_atomic) co_await after_atomic();
        co_return end;
    }
    task<result<void>> beat(deadline until) override { return over_.beat(until); }
    void spawn(task<void> background) override { over_.spawn(std::move(background)); }
    void stop() override {}

private:
    store::engine& over_;
};

} // namespace gateway::testing
