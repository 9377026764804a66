// The steps of the drain (docs/contract.md §8; docs/promises.md P01, P02) and what may shorten them.
#include "app/drain.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstdlib>
#include <future>
#include <memory>
#include <vector>

namespace gateway::app {

namespace {

constexpr milliseconds look_every{20};
constexpr seconds shortened_to{2}; // after a second signal
/// The time for begun handshakes to finish: a few round trips over any distance.
constexpr milliseconds last_handshakes{300};
constexpr milliseconds close_timeout{1'000};
constexpr seconds last_log_lines_within{1};
/// The time for cancelled calls to store their outcome and answer.
constexpr seconds last_answers_within{5};
/// A refresh makes at most two requests of 15 s each, and stores the result.
constexpr seconds refresh_reserve{40};

/// `done` is shared, because after a failure of a worker either side may be the last owner.
task<void> drain_tokens(tokens::token_service& tokens, std::shared_ptr<std::promise<void>> done) {
    co_await tokens.drain(deadline::in(steady_now(), refresh_reserve));
    done->set_value();
}

} // namespace

void service::become_unready() {
    listeners_.now.store(inbound::phase::leaving);
}

/// Waits only a bounded time for each worker, so a blocked one does not stop the drain.
void service::close_listeners(milliseconds last_handshakes) {
    std::vector<std::future<void>> closed;
    for (auto& one : api_workers_) {
        auto completed =
            std::make_shared<std::promise<void>>(); // shared, because either side may be the last owner
        closed.push_back(completed->get_future());
        boost::asio::post(one->on.home.executor(), [worker = one.get(), last_handshakes, completed] {
            worker->listener.stop_accepting(last_handshakes, [completed] { completed->set_value(); });
        });
    }
    const auto until = steady_now() + last_handshakes + close_timeout;
    for (auto& one : closed)
        one.wait_until(until);
    listeners_.now.store(inbound::phase::closed);
}

void service::end_idle_connections() {
    for (auto& one : api_workers_)
        boost::asio::post(one->on.home.executor(), [worker = one.get()] { worker->listener.end_idle(); });
}

void service::end_calls() {
    listeners_.calls_end.set(steady_now());
}

bool service::anything_left() const {
    return listeners_.requests_in_flight.load() > 0 || listeners_.connections.load() > 0;
}

void service::finish_refreshes() {
    auto done = std::make_shared<std::promise<void>>();
    auto& home = upstream_workers_[0]->home;
    boost::asio::post(home.executor(),
                      [this, &home, done] { home.group().spawn(drain_tokens(tokens_, done)); });
    done->get_future().wait_for(refresh_reserve + seconds{1});
}

void service::stop() {
    for (auto& one : upstream_workers_)
        one->home.stop();
    for (auto& one : threads_)
        one.join();
    threads_.clear();
}

bool service::holds_unfinished_work() const {
    return std::any_of(upstream_workers_.begin(), upstream_workers_.end(),
                       [](const auto& one) { return one->home.group().size() > 0; });
}

void service::exit_process(int exit_code) {
    lines_.flush(last_log_lines_within);
    std::_Exit(exit_code);
}

namespace {

/// Waits until all calls have ended; a second signal shortens it.
void wait_until_nothing_is_left(service& of, signals& from, steady_time until) {
    while (of.anything_left() && steady_now() < until) {
        of.end_idle_connections(); // repeatedly, because connections do not stay young
        const auto asked = from.wait(std::min<steady_time>(until, steady_now() + look_every));
        if (asked == signals::what::terminate)
            until = std::min<steady_time>(until, steady_now() + shortened_to);
    }
}

} // namespace

void drain(service& of, const settings::drain& settings, signals& from) {
    const steady_time began = steady_now();
    of.sink().log(telemetry::level::info, "draining");
    of.become_unready();
    bool hurried = false;
    for (const auto until = began + settings.delay; !hurried && steady_now() < until;)
        hurried = from.wait(until) == signals::what::terminate;
    of.close_listeners(std::min(settings.delay, last_handshakes));

    auto until = std::max(began + settings.deadline, steady_now());
    if (hurried) until = std::min(until, steady_now() + shortened_to);
    wait_until_nothing_is_left(of, from, until);
    if (of.anything_left()) {
        of.sink().log(telemetry::level::warn, "drain_deadline_passed");
        of.end_calls();
        wait_until_nothing_is_left(of, from, steady_now() + last_answers_within);
    }
    of.finish_refreshes();
    of.stop();
    of.sink().log(telemetry::level::info, "stopped");
}

} // namespace gateway::app
