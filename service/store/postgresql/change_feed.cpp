#include "store/postgresql/change_feed.hpp"

#include "runtime/waiter.hpp"
#include "store/postgresql/change_text.hpp"
#include "store/queries.hpp"

#include <string>

namespace gateway::store {
namespace {

constexpr milliseconds listen_timeout{5'000};
constexpr milliseconds reconnect_pause{500};

} // namespace

void change_feed::add(change_listener& one) {
    const std::lock_guard lock(mutex_);
    listeners_.push_back(&one);
    one.feed_connected(connected_);
}

void change_feed::remove(change_listener& one) {
    const std::lock_guard lock(mutex_);
    std::erase(listeners_, &one);
}

void change_feed::set_connected(bool is) {
    const std::lock_guard lock(mutex_);
    connected_ = is;
    for (auto* each : listeners_)
        each->feed_connected(is);
}

void change_feed::report(const change& what) {
    const std::lock_guard lock(mutex_);
    for (auto* each : listeners_)
        each->changed(what);
}

task<void> change_feed::follow() {
    while (true) {
        {
            postgresql_connection at(pool_.home(), pool_.owner());
            const bool connected = co_await pool_.connect(at);
            if (connected) co_await follow_with(at);
        }
        set_connected(false);
        co_await pause_until(deadline::in(steady_now(), reconnect_pause));
    }
}

task<void> change_feed::follow_with(postgresql_connection& at) {
    at.begin_job(deadline::in(steady_now(), listen_timeout));
    const auto channel = co_await first_of<std::string>(at, statement{"SELECT " CHANGES_CHANNEL});
    if (!channel || channel->empty()) co_return;
    std::string listen = "LISTEN \"" + *channel + "\"";
    co_await at.execute(std::move(listen));
    if (at.failed()) co_return;
    set_connected(true);
    while (at.fit()) {
        const auto heard = co_await at.wait_notifications(deadline::in(steady_now(), silent_max_));
        for (const auto& each : heard) {
            if (pool_.is_own(each.backend)) continue;
            if (const auto what = read_change(each.text)) report(*what);
        }
    }
}

} // namespace gateway::store
