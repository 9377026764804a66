#include "wire/session.hpp"

#include "control/control.hpp"
#include "endpoints/endpoints.hpp"
#include "rules/names.hpp"
#include "wire/inbox.hpp"
#include "wire/wire_text.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace gateway::simulator {

namespace asio = boost::asio;

namespace {

/// What one request needs while it is answered.
struct exchange {
    request in;
    answer out;
    std::uint64_t record = 0; // number in the history; 0 for control calls
    std::string log_id;
    fault_effect fault;
    bool close = false;
    bool gone = false; // the connection is no more
};

class registration {
public:
    registration(host& h, stream& bytes) : host_(h) {
        connection.bytes = &bytes;
        host_.open.insert(&connection);
    }
    ~registration() { host_.open.erase(&connection); }
    registration(const registration&) = delete;
    registration& operator=(const registration&) = delete;

    open_connection connection;

private:
    host& host_;
};

asio::awaitable<void> pause(std::int64_t wait_ms) {
    asio::steady_timer timer(co_await asio::this_coro::executor, milliseconds{wait_ms});
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

/// Until the peer leaves.
asio::awaitable<void> hold(stream& bytes) {
    char nothing[512];
    for (;;) {
        const std::size_t came = co_await bytes.read_some(nothing, sizeof nothing);
        if (came == 0) co_return;
    }
}

asio::awaitable<bool> drip(stream& bytes, std::string text, std::int64_t wait_ms) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool sent = co_await bytes.write(std::string_view(text).substr(i, 1));
        if (!sent) co_return false;
        co_await pause(wait_ms);
    }
    co_return true;
}

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

/// Whose request this is, before anything is done about it: faults are chosen by account.
std::string account_of(host& h, const request& in) {
    const std::string_view bearer = in.header("authorization");
    std::string text;
    if (bearer.starts_with("Bearer ")) {
        text = bearer.substr(7);
    } else if (const auto fields = parse_form(in.body)) {
        text = field_or_empty(*fields, "refresh_token") + field_or_empty(*fields, "token");
        const authorization_code* code = h.w.tokens.find_code(field_or_empty(*fields, "code"));
        if (text.empty() && code) return code->username;
    }
    const token* known = h.w.tokens.find(text);
    return known ? h.w.tokens.grant_of(*known).username : std::string{};
}

/// Sends the answer as the fault wants it; sets `gone` where the connection ends with it.
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
    if (f.reset_at_byte) {
        bytes.reset();
    } else if (!sent || cut || f.close || f.close_without_alert || e.close) {
        co_await bytes.close(!f.close_without_alert);
    } else {
        co_return;
    }
    e.gone = true;
}

void answer_call(host& h, exchange& e, door which, std::uint64_t connection) {
    request_record& record = h.w.past.add(begin_record(e.in, which, connection, h.w.now()));
    e.record = record.number;
    e.log_id = record.log_id;
    record.account = account_of(h, e.in);
    const auto fault = h.w.faults.pick(record.listener, e.in.method, e.in.path, record.account);
    if (fault) e.fault = *fault;
    record.faulted = fault.has_value();
    if (!e.fault.apply || e.fault.reset_after_request_bytes) return;
    call c{h.w, e.in, record};
    e.out = route(c);
}

void note_status(host& h, const exchange& e) {
    request_record* record = e.record ? h.w.past.find(e.record) : nullptr;
    if (record) record->status = e.out.status;
}

/// One request on the API or control door: its body is small and read first.
asio::awaitable<void> exchange_whole(host& h, stream& bytes, inbox& from, exchange& e, door which,
                                     std::uint64_t connection) {
    if (from.waits()) co_await bytes.write("HTTP/1.1 100 Continue\r\n\r\n");
    std::optional<std::string> body = co_await from.body();
    if (!body) {
        e.gone = true;
        co_return;
    }
    e.in.body = std::move(*body);
    h.advance();
    if (which == door::control) {
        e.out = control(h.w, e.in);
    } else {
        answer_call(h, e, which, connection);
    }
    h.pump();
    if (e.fault.reset_after_request_bytes) {
        bytes.reset();
        e.gone = true;
        co_return;
    }
    co_await send(h, bytes, e);
    note_status(h, e);
}

/// True when the connection may go on.
asio::awaitable<bool> begin(host& h, stream& bytes, door which) {
    if (which != door::control) {
        const auto fault = h.w.faults.pick_connection(std::string(name_of(which)));
        if (fault && fault->delay_ms > 0) co_await pause(fault->delay_ms);
        if (fault && fault->hang) co_await hold(bytes);
        if (fault && (fault->hang || fault->reset_before_answer)) {
            bytes.reset();
            co_return false;
        }
    }
    const bool ready = co_await bytes.accept();
    co_return ready;
}

} // namespace

std::string_view name_of(door which) {
    switch (which) {
        case door::api:
            return "api";
        case door::upload:
            return "upload";
        case door::control:
            break;
    }
    return "control";
}

asio::awaitable<void> serve(host& h, std::unique_ptr<stream> bytes, door which) {
    const std::uint64_t connection = ++h.connections;
    registration here(h, *bytes);
    here.connection.idle = false;
    const bool ready = co_await begin(h, *bytes, which);
    if (!ready) co_return;
    inbox from(*bytes);
    for (;;) {
        here.connection.idle = true;
        std::optional<request> in = co_await from.next();
        if (!in && from.bad())
            co_await bytes->write(
                "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        if (!in) break;
        here.connection.idle = false;
        exchange e;
        e.in = std::move(*in);
        e.close = from.last();
        co_await exchange_whole(h, *bytes, from, e, which, connection);
        if (e.gone) co_return;
    }
    co_await bytes->close(true);
}

} // namespace gateway::simulator
