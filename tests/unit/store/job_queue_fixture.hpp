// A queue of the store's jobs without a store: jobs with names, of several parties.
#pragma once
#include "store/job_queue.hpp"
#include "unit/runtime/run_on.hpp"

#include <boost/asio/this_coro.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gateway::testing {

using store::job_queue;
using store::unit;

struct named_work final : store::engine::work {
    explicit named_work(std::string name_) : name(std::move(name_)) {}
    task<void> run(store::transaction& /*at*/) override { co_return; }
    const std::string name;
};

using outcomes = std::vector<std::pair<std::string, std::string>>;

inline task<void> ask_queue(job_queue& at, std::string name, unit how, deadline until, outcomes& out) {
    const executor_type home = co_await boost::asio::this_coro::executor;
    store::engine::job mine(home, how, until, std::make_shared<named_work>(name));
    const auto failed = co_await at.perform(mine);
    out.emplace_back(name, failed ? std::string(facts(failed->code()).name) : "done");
}

class JobQueue : public ::testing::Test {
protected:
    ~JobQueue() override {
        queue.end();
        turn();
    }
    void turn() {
        loop.loop().restart();
        loop.loop().poll();
    }
    void add(const std::string& name, deadline until, unit how = unit::reads()) {
        loop.group().spawn(ask_queue(queue, name, how, until, ended));
        turn();
    }
    void add(const std::string& name, const waiting_party& by) { add(name, soon().of_party(by)); }
    static std::string name_of(const job_queue::owned_job& one) {
        return static_cast<const named_work&>(*one->what).name;
    }
    /// Takes jobs and ends them.
    std::string take(std::size_t count) {
        std::string names;
        for (auto& one : queue.take(count)) {
            names += name_of(one) + " ";
            job_queue::set_outcome(*one, std::nullopt);
        }
        turn();
        return names;
    }

    worker loop;
    shutdown_cutoff never;
    waiting_party greedy{never, sharer{1}}, quiet{never, sharer{2}}, third{never, sharer{3}};
    job_queue queue{8, [] {}};
    outcomes ended;
};

} // namespace gateway::testing
