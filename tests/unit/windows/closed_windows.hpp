// A replica's windows over a store that says the same of each window, at first that another replica has
// closed it for a minute; and that throws, fails, loses its answers or does not answer.
#pragma once
#include "limits/window.hpp"
#include "runtime/waiter.hpp"
#include "store/engine.hpp"
#include "store/window_shares.hpp"
#include "unit/runtime/run_on.hpp"
#include "windows/shared_windows.hpp"

#include <gtest/gtest.h>

#include <new>
#include <string>
#include <vector>

namespace gateway::testing {

/// Answers every question with the same row.
class one_row final : public store::transaction {
public:
    std::vector<store::rows::value> values;

    explicit one_row(std::vector<store::rows::value> of) : values(std::move(of)) {}
    task<store::rows> run(const store::statement&) override {
        auto row = values;
        co_return store::rows(*this, values.size(), std::move(row), 0);
    }
    void notify(store::change) override {}
    void refuse(std::string) override {}
    bool failed() const override { return false; }
    const std::string& owner() const override { return owner_; }

private:
    std::string owner_ = "other";
};

/// The store of several replicas; `throws` units end with an exception, then `fails` with a failure, then
/// `loses` with one although they were performed.
class faulty_engine final : public store::engine {
public:
    faulty_engine() : engine({}) {}

    task<std::optional<failure>> perform(job& what) override {
        ++asked;
        if (throws > 0) {
            --throws;
            throw std::bad_alloc();
        }
        if (fails > 0) {
            --fails;
            co_return failure{errc::vault_unavailable, "away"};
        }
        while (holds)
            co_await pause_until(deadline::in(steady_now(), milliseconds{1}));
        co_await what.run(at_);
        if (loses == 0) co_return std::nullopt;
        --loses;
        co_return failure{errc::vault_unavailable, "lost"};
    }
    task<result<void>> beat(deadline) override { co_return result<void>{}; }
    std::optional<limits::replicas_seen> replicas() const override { return limits::replicas_seen{}; }
    void listen(store::change_listener& who) override { listener = &who; }
    void spawn(task<void>) override {}
    void stop() override {}

    /// Grants a share of this size from now on.
    void grant(std::int64_t capacity) {
        using value = store::rows::value;
        const std::int64_t none = 0, granted_at = 1;
        at_.values = {value(capacity), value(none), value(none), value(none), value(none), value(granted_at)};
    }

    store::change_listener* listener = nullptr;
    int asked = 0, throws = 0, fails = 0, loses = 0;
    bool holds = false;

private:
    one_row at_{std::vector<store::rows::value>(6, std::int64_t{60'000})};
};

class ClosedWindows : public ::testing::Test {
protected:
    /// A report counts only for a window that this replica uses.
    void use(const std::string& key) { static_cast<void>(windows.take(key, 1, steady_now(), soon())); }
    void report_closed(const std::string& key) {
        on.listener->changed(store::change::closed(store::window_name{key, 1}));
    }
    bool is_closed(const std::string& key) const { return table.status(key, 1, steady_now()).remaining == 0; }

    worker home{0, milliseconds{5}};
    faulty_engine on;
    store::window_shares records{on};
    limits::window_table table{std::vector<limits::window_rule>(4, {6, milliseconds{60'000}})};
    windows::shared_windows windows{home, on, records, table};
};

} // namespace gateway::testing
