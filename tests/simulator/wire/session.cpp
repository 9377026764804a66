#include "wire/session.hpp"

#include "control/control.hpp"
#include "endpoints/endpoints.hpp"
#include "wire/exchange.hpp"
#include "wire/inbox.hpp"
#include "wire/upload_session.hpp"

namespace gateway::simulator {

namespace asio = boost::asio;

namespace {

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

/// The account of the request, needed first because faults are chosen by account.
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

void answer_call(host& h, exchange& e, door which, std::uint64_t connection) {
    request_record& record = h.w.past.add(begin_record(e.in, which, connection, h.w.now()));
    e.record = record.number;
    e.log_id = record.log_id;
    record.account = account_of(h, e.in);
    note_arrival(h.w, record);
    const auto fault = h.w.faults.pick(record.listener, e.in.method, e.in.path, record.account);
    if (fault) e.fault = *fault;
    record.faulted = fault.has_value();
    if (!e.fault.apply || e.fault.reset_after_request_bytes) {
        e.out = unapplied();
        return;
    }
    call c{h.w, e.in, record};
    e.out = route(c);
}

/// One request on the API or control listener: its body is small and read first.
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

/// True if the connection may continue.
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
    std::uint64_t last_record = 0;
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
        if (which == door::upload) {
            co_await exchange_upload(h, *bytes, from, e, connection);
        } else {
            co_await exchange_whole(h, *bytes, from, e, which, connection);
        }
        if (e.gone) co_return;
        last_record = e.record;
    }
    note_unread(h, last_record, *bytes);
    co_await bytes->close(true);
}

} // namespace gateway::simulator
