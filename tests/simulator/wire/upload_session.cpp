#include "wire/upload_session.hpp"

#include "endpoints/upload.hpp"

namespace gateway::simulator {

namespace asio = boost::asio;

namespace {

enum class body_end { whole, lost, reset };

/// Reads the body to its end, or to where the fault breaks it; `chunk` null: the bytes are discarded.
asio::awaitable<body_end> read_body(stream& bytes, inbox& from, chunk_in_flight* chunk,
                                    const fault_effect& fault) {
    const std::uint64_t length = from.length().value_or(0);
    std::uint64_t seen = 0;
    for (;;) {
        if (fault.reset_after_request_bytes
            && seen >= static_cast<std::uint64_t>(
                   std::max<std::int64_t>(*fault.reset_after_request_bytes, 0))) {
            bytes.reset();
            co_return body_end::reset;
        }
        if (seen == length) co_return body_end::whole;
        if (fault.read_delay_ms > 0) co_await pause(fault.read_delay_ms);
        std::uint64_t left = length - seen;
        if (fault.reset_after_request_bytes) {
            left = std::min(left, static_cast<std::uint64_t>(*fault.reset_after_request_bytes) - seen);
        }
        const std::string_view piece = co_await from.piece(left);
        if (piece.empty()) co_return body_end::lost;
        if (chunk) chunk->take(piece);
        seen += piece.size();
    }
}

/// A client that closed before the end of its body may still read: the proxy in front of TikTok answers it,
/// if the switch says so.
asio::awaitable<void> answer_short_body(host& h, stream& bytes, exchange& e) {
    const bool reset = e.fault.reset_after_request_bytes.has_value();
    if (reset || h.w.config.choice.wrong_length != "502") co_return;
    e.out = refuse_length(h.w);
    e.close = true;
    co_await send(h, bytes, e);
    note_status(h, e);
}

upload_start begin(host& h, inbox& from, exchange& e, std::uint64_t connection) {
    request_record& record = h.w.past.add(begin_record(e.in, door::upload, connection, h.w.now()));
    e.record = record.number;
    e.log_id = record.log_id;
    record.content_range = std::string(e.in.header("content-range"));
    call c{h.w, e.in, record};
    upload_start start = begin_upload(c, from.length());
    const auto fault = h.w.faults.pick(record.listener, e.in.method, e.in.path, record.account);
    if (fault) e.fault = *fault;
    record.faulted = fault.has_value();
    return start;
}

} // namespace

asio::awaitable<void> exchange_upload(host& h, stream& bytes, inbox& from, exchange& e,
                                      std::uint64_t connection) {
    h.advance();
    upload_start start = begin(h, from, e, connection);
    const bool refused_early = start.refusal && from.waits();
    if (e.fault.early || refused_early) {
        // The body is not read, so the connection must close.
        e.out = start.refusal ? *start.refusal : unapplied();
        e.close = true;
        co_await send(h, bytes, e);
        note_status(h, e);
        co_return;
    }
    if (from.waits()) co_await bytes.write("HTTP/1.1 100 Continue\r\n\r\n");
    chunk_in_flight* chunk = start.chunk ? &*start.chunk : nullptr;
    if (!from.length()) {
        const std::optional<std::string> body = co_await from.body(); // chunked or absent: already refused
        e.gone = !body;
    } else {
        const body_end end = co_await read_body(bytes, from, chunk, e.fault);
        e.gone = end != body_end::whole;
    }
    h.advance();
    if (e.gone) {
        if (chunk) abandon_upload(h.w, *chunk);
        co_await answer_short_body(h, bytes, e);
        co_return;
    }
    if (!e.fault.apply) {
        e.out = unapplied();
    } else {
        e.out = chunk ? finish_upload(h.w, *chunk) : *start.refusal;
    }
    h.pump();
    co_await send(h, bytes, e);
    note_status(h, e);
}

} // namespace gateway::simulator
