// The steps of the drain (docs/contract.md §8; docs/promises.md P01, P02) and what may shorten them.
#include "app/service.hpp"
#include "app/signals.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstdlib>

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
constexpr seconds shares_back_within{2};
constexpr seconds last_webhooks_within{3};
/// A refresh makes at most two requests of 15 s each, and stores the result; those of imports likewise.
constexpr seconds refresh_reserve{40};

task<result<void>> drain_tokens(tokens::token_service& tokens, deadline until) {
    co_await tokens.drain(until);
    co_return result<void>{};
}

task<result<void>> give_shares_back_of(windows::shared_windows& windows, deadline until) {
    co_await windows.give_all_back(until);
    co_return result<void>{};
}

task<result<void>> drain_webhooks(webhooks::deliverer& deliverer, deadline until) {
    co_await deliverer.drain(until);
    co_return result<void>{};
}

task<void> drain_connections(connections::connection_service& of, deadline until,
                             std::function<void()> completed) {
    co_await of.drain(until);
    completed();
}

} // namespace

/// Earlier requests are served, later ones are refused.
void service::close_listeners(milliseconds handshake_time) {
    on_each_worker(
        [handshake_time](api_worker& worker, std::function<void()> completed) {
            worker.listener.stop_accepting(handshake_time, std::move(completed));
        },
        handshake_time + close_timeout);
    listeners_.now.store(inbound::phase::closed);
}

void service::end_idle_connections() {
    for (auto& one : api_workers_)
        boost::asio::post(one->on.home.executor(), [worker = one.get()] { worker->listener.end_idle(); });
}

bool service::anything_left() const {
    return listeners_.requests_in_flight.load() > 0 || listeners_.connections.load() > 0;
}

bool service::holds_unfinished_work() const {
    return std::any_of(upstream_workers_.begin(), upstream_workers_.end(),
                       [](const auto& one) { return one->home.group().size() > 0; });
}

void service::exit_process(int exit_code) {
    lines_.flush(last_log_lines_within);
    std::_Exit(exit_code);
}

/// Waits until all calls have ended; a second signal shortens it.
void service::wait_until_nothing_is_left(signals& from, steady_time until) {
    while (anything_left() && steady_now() < until) {
        end_idle_connections(); // repeatedly, because connections do not stay young
        const auto asked = from.wait(std::min<steady_time>(until, steady_now() + look_every));
        if (asked == signals::what::terminate)
            until = std::min<steady_time>(until, steady_now() + shortened_to);
    }
}

/// Those in flight have their own deadlines: of users' tokens, of imports and of revocations.
void service::finish_refreshes() {
    const auto until = deadline::in(steady_now(), refresh_reserve);
    on_each_worker(
        [](api_worker& worker, std::function<void()> completed) {
            worker.connection_service.begin_drain();
            completed();
        },
        seconds{1});
    (void)on_first_worker([this, until] { return drain_tokens(tokens_, until); },
                          refresh_reserve + seconds{1});
    on_each_worker(
        [until](api_worker& worker, std::function<void()> completed) {
            worker.on.home.group().spawn(
                drain_connections(worker.connection_service, until, std::move(completed)));
        },
        until.left(steady_now()) + seconds{1});
}

/// What is under way ends with its answer or its own deadline; the rest waits in the store.
void service::finish_webhooks() {
    const auto until = deadline::in(steady_now(), last_webhooks_within);
    (void)on_first_worker([this, until] { return drain_webhooks(deliverer_, until); },
                          last_webhooks_within + seconds{1});
}

/// So that the other replicas need not wait until they end.
void service::give_shares_back() {
    const auto until = deadline::in(steady_now(), shares_back_within);
    (void)on_first_worker([this, until] { return give_shares_back_of(windows_, until); },
                          shares_back_within + seconds{3});
}

void service::drain(const settings::drain& times, signals& from) {
    const steady_time began = steady_now();
    sink_.log(telemetry::level::info, "draining");
    listeners_.now.store(inbound::phase::leaving); // not ready from now on
    watch_.leave();
    bool hurried = false;
    for (const auto until = began + times.delay; !hurried && steady_now() < until;)
        hurried = from.wait(until) == signals::what::terminate;
    close_listeners(std::min(times.delay, last_handshakes));

    auto until = std::max(began + times.deadline, steady_now());
    if (hurried) until = std::min(until, steady_now() + shortened_to);
    wait_until_nothing_is_left(from, until);
    if (anything_left()) {
        sink_.log(telemetry::level::warn, "drain_deadline_passed");
        listeners_.calls_end.set(steady_now()); // each call stores its outcome and answers `draining`
        wait_until_nothing_is_left(from, steady_now() + last_answers_within);
    }
    finish_refreshes();
    finish_webhooks();
    give_shares_back();
    stop();
    window_journal_.close(steady_now());
    sink_.log(telemetry::level::info, "stopped");
}

} // namespace gateway::app
