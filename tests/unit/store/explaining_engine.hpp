// An engine that gets the database's plan of every statement before it runs, and fails the test if a growing
// table would be scanned. Wraps any real engine.
#pragma once
#include "store/engine.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace gateway::testing {

/// How to get an engine's plan, and what its lines must not contain.
struct plan_rules {
    std::string explain; // "EXPLAIN "
    std::size_t column;  // the column of the text, from zero; earlier ones are numbers
    std::function<bool(std::string_view line)> is_scan;
};

/// Statements that may scan: operators' metrics, and the start's page-wise checks.
inline bool may_scan(std::string_view sql) {
    for (const std::string_view known :
         {"SELECT state, count(*) FROM connections", "sum(size_bytes)", "substr(sealed_tokens"})
        if (sql.find(known) != std::string_view::npos) return true;
    return false;
}

/// Tables with few rows, and the indexes of unfinished work, which may be scanned. `i` is for running
/// refreshes and for replicas.
inline bool is_small(std::string_view line) {
    for (const std::string_view known :
         {"CONSTANT", " meta", " counters", " leases", " store_instances", " refresh_intents", "SCAN i",
          " USING INDEX posts_begun", " USING INDEX idempotency_keys_unfinished"})
        if (line.find(known) != std::string_view::npos) return true;
    return false;
}

class explaining_transaction final : public store::transaction {
public:
    explaining_transaction(store::transaction& at, const plan_rules& rules) : at_(at), rules_(rules) {}

    task<store::rows> run(const store::statement& what) override {
        if (!failed() && !may_scan(what.sql())) co_await explain(what);
        co_return co_await at_.run(what);
    }
    void notify(store::change what) override { at_.notify(std::move(what)); }
    bool require_room() override { return at_.require_room(); }
    void refuse(std::string why) override { at_.refuse(std::move(why)); }
    bool failed() const override { return at_.failed(); }
    const std::string& owner() const override { return at_.owner(); }

private:
    task<void> explain(const store::statement& what) {
        const auto asked = store::statement::composed(rules_.explain + what.sql(), what.parameters());
        auto lines = co_await at_.run(asked);
        while (lines.next()) {
            for (std::size_t skipped = 0; skipped < rules_.column; ++skipped)
                lines.next_number();
            const auto line = lines.next_text();
            if (rules_.is_scan(line) && !is_small(line)) ADD_FAILURE() << what.sql() << "\n  " << line;
        }
    }

    store::transaction& at_;
    const plan_rules& rules_;
};

class explaining_engine final : public store::engine {
public:
    explaining_engine(std::unique_ptr<store::engine> over, plan_rules rules)
        : engine(over->limits()), over_(std::move(over)), rules_(std::move(rules)) {}

    task<std::optional<failure>> perform(job& what) override {
        const executor_type home = co_await boost::asio::this_coro::executor;
        const auto explained = std::make_shared<explained_work>(what.what, rules_);
        job mine(home, what.how, what.until, explained);
        co_return co_await over_->perform(mine);
    }
    task<result<void>> beat(deadline until) override { return over_->beat(until); }
    store::health state() const override { return over_->state(); }
    std::optional<limits::replicas_seen> replicas() const override { return over_->replicas(); }
    milliseconds visible_within() const override { return over_->visible_within(); }
    void listen(store::change_listener& who) override { over_->listen(who); }
    void stop_listening(store::change_listener& who) override { over_->stop_listening(who); }
    void spawn(task<void> background) override { over_->spawn(std::move(background)); }
    void stop() override { over_->stop(); }

private:
    class explained_work final : public work {
    public:
        explained_work(std::shared_ptr<work> what, const plan_rules& rules)
            : what_(std::move(what)), rules_(rules) {}
        task<void> run(store::transaction& at) override {
            explaining_transaction explained(at, rules_);
            what_->note_begun();
            co_await what_->run(explained);
        }

    private:
        const std::shared_ptr<work> what_;
        const plan_rules& rules_;
    };

    const std::unique_ptr<store::engine> over_;
    const plan_rules rules_;
};

} // namespace gateway::testing
