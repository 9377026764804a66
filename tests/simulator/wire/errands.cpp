#include "wire/errands.hpp"

#include "endpoints/pulls.hpp"
#include "rules/media_type.hpp"
#include "rules/running_digest.hpp"
#include "rules/webhook_signature.hpp"
#include "wire/exchange.hpp"
#include "wire/fetch.hpp"

#include <algorithm>

namespace gateway::simulator {

namespace asio = boost::asio;

namespace {

fetch_settings fetching(const host& h) {
    fetch_settings how;
    how.resolve = h.w.config.resolve;
    how.authority_pem = h.authority_pem;
    how.extra_ca_file = h.w.config.resolve_ca_file;
    return how;
}

/// One running download.
struct download {
    host& h;
    std::string publish_id;
    pulled_record item;
    running_digest digest;
    std::string head;
    picture_head picture;
};

asio::awaitable<bool> take_piece(download& d, std::string_view piece) {
    d.digest.update(piece);
    d.picture.take(piece);
    if (d.head.size() < sniffed_bytes) d.head.append(piece.substr(0, sniffed_bytes - d.head.size()));
    d.item.size_bytes += static_cast<std::int64_t>(piece.size());
    const std::int64_t speed = d.h.w.config.timing.pull_bytes_per_second;
    if (speed > 0) co_await pause(static_cast<std::int64_t>(piece.size()) * 1'000 / speed);
    co_return note_pulled_bytes(d.h.w, d.publish_id, static_cast<std::int64_t>(piece.size()));
}

/// False if it failed or the pull has ended.
asio::awaitable<bool> pull_one(host& h, std::string publish_id, std::string url) {
    download d{h, publish_id, {}, {}, {}, {}};
    d.item.url = url;
    const piece_handler on_piece = [&d](std::string_view piece) { return take_piece(d, piece); };
    const bool secure = url.starts_with("https://");
    std::optional<int> status;
    header_list headers{{"User-Agent", "tiktok-simulator"}, {"Accept", "*/*"}};
    fetch_settings how = fetching(h);
    if (secure)
        status = co_await fetch(std::move(how), "GET", url, std::move(headers), std::string{}, on_piece);
    h.advance();
    constexpr int ok = 200;
    if (status != ok) {
        note_pull_failed(h.w, publish_id);
        co_return false;
    }
    d.item.sha256 = d.digest.hex();
    d.item.pixels = d.picture.size();
    note_pulled(h.w, publish_id, std::move(d.item), d.head);
    co_return true;
}

void note_attempt(host& h, std::uint64_t record, std::optional<int> status, bool given_up) {
    if (webhook_record* one = h.w.past.find_webhook(record)) {
        ++one->attempts;
        one->last_status = status.value_or(0);
        one->delivered = status == 200;
        one->given_up = given_up;
    }
}

} // namespace

asio::awaitable<void> pull(host& h, pull_to_start what) {
    co_await pause(h.w.config.timing.pull_start_ms);
    for (const std::string& url : what.urls) {
        if (!note_pulled_bytes(h.w, what.publish_id, 0)) co_return;
        const bool going_on = co_await pull_one(h, what.publish_id, url);
        h.pump();
        if (!going_on) co_return;
    }
}

asio::awaitable<void> deliver(host& h, event_to_send what) {
    const wall_time begun = wall_now();
    std::int64_t wait_ms = h.w.config.timing.webhook_first_retry_ms;
    const piece_handler ignore = [](std::string_view) -> asio::awaitable<bool> { co_return true; };
    for (;;) {
        const std::int64_t signed_s =
            unix_ms(wall_now() + h.w.clock_ahead) / 1'000 - h.w.config.timing.webhook_signature_age_s;
        header_list headers{
            {"Content-Type", "application/json"},
            {"TikTok-Signature", webhook_signature(what.client_secret, signed_s, what.body, what.blank)}};
        fetch_settings how = fetching(h);
        const std::optional<int> status =
            co_await fetch(std::move(how), "POST", what.url, std::move(headers), what.body, ignore);
        const std::int64_t gone_ms = (wall_now() - begun).count();
        const bool over = gone_ms + wait_ms > h.w.config.timing.webhook_give_up_ms;
        note_attempt(h, what.record, status, over && status != 200);
        if (status == 200 || over) co_return;
        co_await pause(wait_ms);
        wait_ms *= 2;
    }
}

} // namespace gateway::simulator
