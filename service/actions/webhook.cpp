// GATEWAY_WEBHOOK: TikTok tells how posts ended and who left. Verified over the raw bytes, told once,
// answered at once (tiktok-api §7, failure-catalogue U16).
#include "tiktok/webhook.hpp"

#include "actions/call.hpp"
#include "actions/rows.hpp"
#include "connections/desk.hpp"
#include "posts/publisher.hpp"

#include <algorithm>
#include <utility>

namespace gateway::actions {
namespace {

task<result<answer>> take_webhook(call& c) {
    const auto genuine =
        tiktok::verify_webhook(c.signature, c.raw_body, c.with.settings.tiktok.client_secret, c.now);
    if (!genuine) co_return genuine.error();
    const auto event = tiktok::parse_webhook(c.raw_body);
    if (!event) co_return event.error();
    // Another app's event under our signature cannot be; a mixed-up configuration can.
    if (event->client_key != c.with.settings.tiktok.client_key)
        co_return failure{errc::invalid_input, "This event is for another client_key."};
    if (event->kind == tiktok::webhook_kind::authorization_removed) {
        constexpr std::int64_t year_2100 = 4'102'444'800; // seconds; keeps a liar's number from overflowing
        const wall_time happened_at{seconds{std::clamp<std::int64_t>(event->created_at_s, 0, year_2100)}};
        const auto gone = co_await c.with.connections.on_authorization_removed(
            event->account, event->reason_number, happened_at, c.now, c.until);
        if (!gone) co_return gone.error();
    } else if (event->kind != tiktok::webhook_kind::other) {
        const auto settled = co_await c.with.posts.on_webhook(*event, c.now, c.until);
        if (!settled) co_return settled.error();
    }
    co_return answer{accepted{}};
}

} // namespace

row webhook_row() {
    return {.slug = "GATEWAY_WEBHOOK",
            .method = verb::post,
            .path = "/webhooks/tiktok",
            .opened_by = door::tiktok_signature,
            .takes = body::document,
            .reads_query_itself = true,
            .body_bytes_max = 64 * 1024,
            .run = take_webhook};
}

} // namespace gateway::actions
