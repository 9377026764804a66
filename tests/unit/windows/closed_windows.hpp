// A replica's windows over a store that says of each window that another one has closed it for a minute.
#pragma once
#include "limits/window.hpp"
#include "store/engine.hpp"
#include "store/window_shares.hpp"
#include "unit/runtime/run_on.hpp"
#include "windows/shared_windows.hpp"

#include <gtest/gtest.h>

#include <new>
#include <string>
#include <vector>

namespace gateway::testing {

/// Answers every question with a minute.
class a_minute final : public store::transaction {
public:
    task<store::rows> run(const store::statement&) override {
        constexpr std::size_t columns = 6;
        std::vector<store::rows::value> values(columns, std::int64_t{60'000});
        co_return store::rows(*this, columns, std::move(values), 0);
    }
    void notify(store::change) override {}
    void refuse(std::string) override {}
    bool failed() const override { return false; }
    const std::string& owner() const override { return owner_; }

private:
    std::string owner_ = "other";
};

/// The store of several replicas; `throws` units end with an exception.
class throwing_engine final : public store::engine {
public:
    throwing_engine() : engine({}) {}

    task<std::optional<failure>> perform(job& what) override {
        ++asked;
        if (throws > 0) {
            --throws;
            throw std::bad_alloc();
        }
        co_await what.run(at_);
        co_return std::nullopt;
    }
    task<result<void>> beat(deadline) override { co_return result<void>{}; }
    std::optional<limits::replicas_seen> replicas() const override { return limits::replicas_seen{}; }
    void listen(store::change_listener& who) override { listener = &who; }
    void spawn(task<void>) override {}
    void stop() override {}

    store::change_listener* listener = nullptr;
    int asked = 0, throws = 0;

private:
    a_minute at_;
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
    throwing_engine on;
    store::window_shares records{on};
    limits::window_table table{std::vector<limits::window_rule>(4, {6, milliseconds{60'000}})};
    windows::shared_windows windows{home, on, records, table};
};

} // namespace gateway::testing
