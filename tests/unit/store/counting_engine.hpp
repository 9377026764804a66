// An engine that counts the units of work that callers give it. Wraps any real engine.
#pragma once
#include "store/engine.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace gateway::testing {

class counting_engine final : public store::engine {
public:
    explicit counting_engine(std::unique_ptr<store::engine> over)
        : engine(over->limits()), over_(std::move(over)) {}

    std::size_t units() const { return units_.load(); }
    void forget() { units_.store(0); }

    task<std::optional<failure>> perform(job& what) override {
        ++units_;
        return over_->perform(what);
    }
    task<result<void>> beat(deadline until) override { return over_->beat(until); }
    store::health state() const override { return over_->state(); }
    std::string trouble() const override { return over_->trouble(); }
    std::optional<limits::replicas_seen> replicas() const override { return over_->replicas(); }
    milliseconds visible_within() const override { return over_->visible_within(); }
    void listen(store::change_listener& who) override { over_->listen(who); }
    void stop_listening(store::change_listener& who) override { over_->stop_listening(who); }
    void spawn(task<void> background) override { over_->spawn(std::move(background)); }
    void stop() override { over_->stop(); }

private:
    const std::unique_ptr<store::engine> over_;
    std::atomic<std::size_t> units_{0};
};

} // namespace gateway::testing
