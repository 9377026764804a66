#include "webhooks/sender.hpp"

#include "webhooks/message.hpp"
#include "webhooks/pace.hpp"

namespace gateway::webhooks {
namespace {

/// Of what a receiver answers nothing but the status is of interest.
constexpr std::size_t answer_bytes_max = 64 * 1024;
/// Shorter than what servers usually keep, so that a delivery seldom meets a connection that was just closed.
constexpr milliseconds idle_timeout{4'000};
constexpr int gone = 410;

outbound::client_limits limits_of(const outbound::address_rules& addresses, const caller_count& callers) {
    outbound::client_limits limits;
    limits.connections_per_origin = under_way_max; // many callers may have theirs at the same host
    limits.answer_bytes = answer_bytes_max;
    limits.idle_timeout = idle_timeout;
    limits.callers = &callers;
    limits.addresses = &addresses;
    return limits;
}

std::string reason_of(errc code) {
    switch (code) {
        case errc::forbidden:
            return "its name leads to an address that is not public, and webhooks.allowed_hosts has no such "
                   "name";
        case errc::tiktok_tls:
            return "its certificate or TLS is not acceptable";
        case errc::tiktok_error:
            return "its answer is no HTTP, or too long";
        case errc::overloaded:
            return "this replica had no connection for it";
        default:
            return "it did not answer in time";
    }
}

sent judge(const outbound::exchange_result<outbound::reply>& got) {
    if (!got) return {sent::kind::failed, reason_of(got.error().code())};
    if (got->status >= 200 && got->status < 300) return {sent::kind::taken, {}};
    const auto what = got->status == gone ? sent::kind::ended : sent::kind::failed;
    return {what, "it answered with HTTP status " + std::to_string(got->status)};
}

} // namespace

sender::sender(worker& home, const outbound::tls_client_context& tls, outbound::resolver& names,
               const outbound::address_rules& addresses, const caller_count& callers)
    : client_(home, tls, names, limits_of(addresses, callers)) {}

/// A connection that its server had just closed is no failure of the receiver's: once more, over another.
task<sent> sender::send(const store::delivery& what, const receiver& to, deadline until) {
    const message content{what.event, what.body, wall_now()};
    const std::string request = write_request(to.to, to.target, to.keys.list(), content);
    for (bool is_again = false;; is_again = true) {
        const auto got =
            co_await client_.send(outbound::no_window{}, to.to, request, until, sharer_of(to.caller.text()));
        const bool was_stale = !got && got.was_stale();
        if (!was_stale || is_again) co_return judge(got);
    }
}

} // namespace gateway::webhooks
