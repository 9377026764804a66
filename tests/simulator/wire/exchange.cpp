#include "wire/exchange.hpp"

#include "rules/names.hpp"
#include "wire/wire_text.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace gateway::simulator {

namespace asio = boost::asio;

namespace {

asio::awaitable<bool> drip(stream& bytes, std::string text, std::int64_t wait_ms) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool sent = co_await bytes.write(std::string_view(text).substr(i, 1));
        if (!sent) co_return false;
        co_await pause(wait_ms);
    }
    co_return true;
}

} // namespace

request_record begin_record(const request& in, door which, std::uint64_t connection, wall_time now) {
    request_record record;
    record.time_ms = unix_ms(now);
    record.listener = name_of(which);
    record.connection = connection;
    record.method = in.method;
    record.path = in.path;
    record.content_type = std::string(in.header("content-type"));
    record.log_id = new_log_id(now);
    return record;
}

answer unapplied() {
    answer out;
    out.status = 500;
    out.content_type.clear();
    return out;
}

void note_status(host& h, const exchange& e) {
    request_record* record = e.record ? h.w.past.find(e.record) : nullptr;
    if (!record) return;
    record->status = e.out.status;
    if (e.sent) record->answered_ms = unix_ms(wall_now() + h.w.clock_ahead);
}

void note_unread(host& h, std::uint64_t number, const stream& bytes) {
    request_record* record = number && bytes.was_reset() ? h.w.past.find(number) : nullptr;
    if (record) record->unread = true;
}

asio::awaitable<void> pause(std::int64_t wait_ms) {
    asio::steady_timer timer(co_await asio::this_coro::executor, milliseconds{wait_ms});
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> hold(stream& bytes) {
    char nothing[512];
    for (;;) {
        const std::size_t came = co_await bytes.read_some(nothing, sizeof nothing);
        if (came == 0) co_return;
    }
}

asio::awaitable<void> send(host& h, stream& bytes, exchange& e) {
    const fault_effect& f = e.fault;
    if (f.delay_ms > 0) co_await pause(f.delay_ms);
    if (f.hang) co_await hold(bytes);
    if (f.reset_before_answer) bytes.reset();
    e.gone = f.hang || f.reset_before_answer;
    if (e.gone) co_return;
    distort(e.out, f);
    std::string text =
        f.raw ? *f.raw : as_bytes(e.out, e.log_id, h.w.now(), e.close || f.close, e.in.method == "HEAD");
    text += f.extra_bytes;
    const bool cut = f.reset_at_byte || f.truncate_at_byte;
    if (cut) {
        const std::int64_t at = f.reset_at_byte ? *f.reset_at_byte : *f.truncate_at_byte;
        text.resize(std::min(text.size(), static_cast<std::size_t>(std::max<std::int64_t>(at, 0))));
    }
    bool sent = false;
    if (f.drip_ms > 0) {
        sent = co_await drip(bytes, text, f.drip_ms);
    } else {
        sent = co_await bytes.write(text);
    }
    e.sent = sent && !cut;
    if (f.reset_at_byte) {
        bytes.reset();
    } else if (!sent || cut || f.close || f.close_without_alert || e.close) {
        co_await bytes.close(!f.close_without_alert);
    } else {
        co_return;
    }
    e.gone = true;
}

} // namespace gateway::simulator
