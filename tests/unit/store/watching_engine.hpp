// An engine over another one, as if of another process on the same store: it notes the deadlines of upkeep,
// may let somebody else act before and after each atomic unit, and may lose its store.
#pragma once
#include "store/engine.hpp"

#include <deque>
#include <functional>
#include <vector>

namespace gateway::testing {

class watching_engine final : public store::engine {
public:
    /// `over` outlives this.
    explicit watching_engine(store::engine& over) : engine(over.limits()), over_(over) {}

    std::vector<steady_time> upkeep_deadlines;
    std::function<task<void>()> before_atomic, after_atomic; // empty: nothing
    int atomic_units = 0;
    int durable_units = 0; // that wrote
    enum class fate { done, refused, answer_lost };
    std::deque<fate> fates;  // of the next atomic units; `done` when it is empty
    bool died = false;       // nothing is done any more
    bool dies_after = false; // with the next atomic unit

    task<std::optional<failure>> perform(job& what) override {
        if (what.how.is_upkeep) upkeep_deadlines.push_back(what.until.at());
        if (what.how.what != store::unit::kind::reads) ++durable_units;
        if (died) co_return away();
        if (!what.how.atomic) co_return co_await over_.perform(what);
        if (before_atomic) co_await before_atomic();
        auto of_this = fate::done;
        if (!fates.empty()) {
            of_this = fates.front();
            fates.pop_front();
        }
        if (of_this == fate::refused) co_return away();
        auto end = co_await over_.perform(what);
        ++atomic_units;
        died = dies_after;
        if (after_atomic) co_await after_atomic();
        if (of_this == fate::answer_lost) co_return away();
        co_return end;
    }
    task<result<void>> beat(deadline until) override { return over_.beat(until); }
    void spawn(task<void> background) override { over_.spawn(std::move(background)); }
    void stop() override {}

private:
    static failure away() { return {errc::vault_unavailable, "The store is away."}; }

    store::engine& over_;
};

} // namespace gateway::testing
