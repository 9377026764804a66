// GATEWAY_WEBHOOK: TikTok's events about posts and removed authorizations. Verified over the raw bytes,
// applied once, answered at once (docs/tiktok-wire.md §7, docs/promises.md U16).
#include "actions/rows.hpp"
#include "base/append.hpp"
#include "connections/connection_service.hpp"
#include "posts/publisher.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/webhook.hpp"

#include <algorithm>

namespace gateway::actions {
namespace {

task<result<answer>> take_webhook(call& c, const tiktok::webhook_reader& reader,
                                  connections::connection_service& connections, posts::publisher& posts) {
    const auto read = reader.read(c.signature, c.raw_body, c.now);
    if (!read) co_return read.error();
    const auto& event = *read;
    if (!event.without_effect.empty()) {
        append_all(c.record.note, "TikTok's event ", std::string_view(event.name).substr(0, 64),
                   " has no effect: ", event.without_effect);
        co_return answer{accepted{}};
    }
    if (event.kind == tiktok::webhook_kind::authorization_removed) {
        constexpr std::int64_t year_2100 = 4'102'444'800; // seconds; prevents an overflow by a forged value
        const wall_time happened_at{seconds{std::clamp<std::int64_t>(event.created_at_s, 0, year_2100)}};
        const auto gone = co_await connections.on_authorization_removed(event.account, event.reason_number,
                                                                        happened_at, c.now, c.until);
        if (!gone) co_return gone.error();
    } else {
        const auto settled = co_await posts.on_webhook(event, c.now, c.until);
        if (!settled) co_return settled.error();
    }
    co_return answer{accepted{}};
}

} // namespace

row webhook_row() {
    return {.slug = "GATEWAY_WEBHOOK",
            .method = verb::post,
            .path = "/webhooks/tiktok",
            .opened_by = auth::tiktok_signature,
            .takes = body::document,
            .reads_query_itself = true,
            .body_bytes_max = 64 * 1024,
            .run = take_webhook};
}

} // namespace gateway::actions
