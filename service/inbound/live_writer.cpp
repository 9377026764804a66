#include "inbound/live_writer.hpp"

#include "http/accept.hpp"
#include "http/field_lines.hpp"
#include "http/strict_gate.hpp"
#include "http/verb.hpp"
#include "http/wire_text.hpp"
#include "inbound/answer_writer.hpp"
#include "telemetry/call_record.hpp"

#include <array>
#include <charconv>

namespace gateway::inbound {
namespace {

constexpr milliseconds write_timeout{30'000}; // C19
constexpr std::string_view last_chunk = "0\r\n\r\n";

/// The size in front of a chunk (RFC 9112 §7.1).
void put_chunk(std::string& out, std::string_view piece) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), piece.size(), 16).ptr;
    out.append(digits.begin(), end).append("\r\n").append(piece).append("\r\n");
}

} // namespace

bool live_writer::accepts(std::string_view media_type) const {
    const auto first = head_.find("\r\n");
    if (first == std::string_view::npos) return false;
    http::field_lines lines{head_, first + 2, http::peer::caller};
    for (http::field_line line; lines.next(line);) {
        const bool is_it = http::same_word(line.name, "accept");
        if (is_it && http::names_as_acceptable(line.value, media_type)) return true;
    }
    return false;
}

std::string_view live_writer::last_event_id() const {
    return http::find_field(head_, "last-event-id");
}

task<bool> live_writer::begin(std::string_view content_type) {
    begun_ = true;
    texts_->answer.clear();
    write_live_head(*texts_, content_type, record_, *facts_, shared_);
    const bool sent = co_await write();
    co_return sent && !has_no_body();
}

bool live_writer::has_no_body() const {
    return record_.verb == http::name_of(http::verb::head);
}

task<bool> live_writer::send(std::string_view piece) {
    texts_->answer.clear();
    if (facts_->http_1_0)
        texts_->answer += piece;
    else if (!piece.empty()) // an empty chunk would be the last one
        put_chunk(texts_->answer, piece);
    return write();
}

/// While it is written, the connection counts as one with a slow reader, which may have to make room.
task<bool> live_writer::write() {
    using kind = connection_queue::wait;
    if (gone_ || place_.evicted()) co_return false;
    place_.writes(kind::slow_caller, texts_->held_bytes());
    const auto sent = co_await to_.write(texts_->answer, deadline::in(steady_now(), write_timeout));
    place_.busy();
    gone_ = !sent || place_.evicted();
    co_return !gone_;
}

task<bool> live_writer::finish(const api::outcome& what) {
    const auto* const done = std::get_if<api::answer>(&what);
    texts_->answer.clear();
    note_outcome(record_, what);
    if (has_no_body()) co_return !gone_ && facts_->keep_alive && !facts_->http_1_0;
    if (!done || !std::holds_alternative<api::all_sent>(*done)) {
        texts_->body.clear();
        (void)api::write_envelope(texts_->body, what, record_.request_id);
        texts_->body += '\n';
        if (facts_->http_1_0)
            texts_->answer = texts_->body;
        else
            put_chunk(texts_->answer, texts_->body);
    }
    if (!facts_->http_1_0) texts_->answer += last_chunk;
    const bool sent = co_await write();
    co_return sent && facts_->keep_alive && !facts_->http_1_0;
}

} // namespace gateway::inbound
