// The workers' threads: their run and end, and what the main thread asks of them. It waits only a bounded
// time, so that a blocked worker blocks neither a drain nor a SIGHUP; other metrics show it.
#include "app/service.hpp"

#include <boost/asio/post.hpp>

#include <csignal>
#include <future>
#include <unistd.h>
#include <utility>

namespace gateway::app {

namespace {

/// `completed` is shared, because the wait may end first, and either side may be the last owner.
task<void> complete(task<result<void>> step, std::shared_ptr<std::promise<result<void>>> completed) {
    completed->set_value(co_await std::move(step));
}

} // namespace

/// Runs `step` on each worker's thread and waits until all have called `completed`.
void service::on_each_worker(
    const std::function<void(api_worker& worker, std::function<void()> completed)>& step,
    milliseconds within) {
    std::vector<std::future<void>> all;
    for (auto& one : api_workers_) {
        auto completed = std::make_shared<std::promise<void>>(); // shared like that of complete()
        all.push_back(completed->get_future());
        boost::asio::post(one->on.home.executor(), [worker = one.get(), step, completed] {
            step(*worker, [completed] { completed->set_value(); });
        });
    }
    const auto until = steady_now() + within;
    for (auto& one : all)
        one.wait_until(until);
}

/// Runs the coroutine of `start` on the first worker, the home of tokens and vault.
result<void> service::on_first_worker(std::function<task<result<void>>()> start, milliseconds within) {
    auto completed = std::make_shared<std::promise<result<void>>>();
    auto answer = completed->get_future();
    auto& home = upstream_workers_[0]->home;
    boost::asio::post(home.executor(), [&home, completed, start = std::move(start)] {
        home.group().spawn(complete(start(), completed));
    });
    if (answer.wait_for(within) == std::future_status::ready) return answer.get();
    return failure{errc::vault_unavailable, "The store does not answer."};
}

void service::stop() {
    for (auto& one : upstream_workers_)
        one->home.stop();
    for (auto& one : threads_)
        one.join();
    threads_.clear();
    if (spool_) spool_->stop();
}

void service::run_worker(upstream_worker& one) {
    one.home.run();
}

void service::end_for(std::string_view event, std::string_view reason) {
    sink_.log(telemetry::level::error, event, {{"reason", reason}});
    failed_.store(true);
    kill(getpid(), SIGTERM); // the main thread drains the other calls
}

} // namespace gateway::app
