#include "store/postgresql/change_feed.hpp"

#include "runtime/waiter.hpp"
#include "store/postgresql/change_text.hpp"

#include <string>

namespace gateway::store {
namespace {

constexpr milliseconds listen_timeout{5'000};
constexpr milliseconds reconnect_pause{500};

} // namespace

task<void> change_feed::follow() {
    while (true) {
        {
            postgresql_connection at(pool_.home(), pool_.owner());
            const bool connected = co_await pool_.connect(at);
            if (connected) co_await follow_with(at);
        }
        listeners_.feed_connected(false);
        co_await pause_until(deadline::in(steady_now(), reconnect_pause));
    }
}

task<void> change_feed::follow_with(postgresql_connection& at) {
    at.begin_job(deadline::in(steady_now(), listen_timeout));
    statement ask{"SELECT " CHANGES_CHANNEL};
    auto found = co_await at.run(ask);
    if (!found.next()) co_return;
    std::string listen = "LISTEN \"" + found.next_text() + "\"";
    co_await at.execute(std::move(listen));
    if (at.failed()) co_return;
    listeners_.feed_connected(true);
    while (at.fit()) {
        const auto heard = co_await at.wait_notifications(deadline::in(steady_now(), silent_max_));
        for (const auto& each : heard) {
            if (pool_.is_own(each.backend)) continue;
            if (const auto what = read_change(each.text)) listeners_.notify(*what);
        }
    }
}

} // namespace gateway::store
