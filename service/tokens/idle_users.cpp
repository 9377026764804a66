#include "tokens/idle_users.hpp"

#include "store/connections.hpp"
#include "tokens/token_service.hpp"

#include <string>
#include <utility>
#include <vector>

namespace gateway::tokens {
namespace {

constexpr std::uint32_t looked_at_once = 500;

} // namespace

bool refresh_is_due(const store::connection_summary& of, wall_time now) {
    const bool alive = of.state == store::connection_state::connected
                       || of.state == store::connection_state::refresh_in_doubt;
    if (!alive || now >= of.refresh_expires_at) return false;
    // updated_at is not before the pair's arrival, so the computed lifetime is never too long.
    const auto life = of.refresh_expires_at - of.updated_at;
    return now >= of.updated_at + life * 4 / 5;
}

task<result<std::size_t>> refresh_idle_users(store::connections& connections, token_service& of,
                                             deadline until) {
    std::size_t refreshed = 0;
    std::string cursor;
    do {
        const std::vector<std::string> everybody{"*"};
        auto page = co_await connections.list(everybody, cursor, looked_at_once, until);
        if (!page) co_return page.error();
        for (const auto& each : page->rows) {
            if (store::is_of_another_app(each, of.app()) || !refresh_is_due(each, wall_now())) continue;
            const auto renewed = co_await of.renew(each.user, each.version, until);
            if (!renewed && renewed.error().code() == errc::deadline_exceeded) co_return renewed.error();
            if (renewed && *renewed == renewal::renewed)
                ++refreshed; // failures are stored and counted where they happen
        }
        cursor = std::move(page->next);
    } while (!cursor.empty());
    co_return refreshed;
}

} // namespace gateway::tokens
