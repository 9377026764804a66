#include "outbound/connection.hpp"

#include "http/body_framing.hpp"
#include "http/header_finder.hpp"
#include "outbound/answer_head.hpp"
#include "outbound/io_failure.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

namespace gateway::outbound {
namespace {

// RFC 9110 §15.2 sets no bound on interim answers; nobody sends more than one or two (U10).
constexpr int interim_answers_max = 8;
constexpr int switching_protocols = 101;

failure refused(const char* what) {
    return failure{errc::tiktok_error, what};
}

reply begin_reply(const http::response_head& head, std::string_view block) {
    reply made;
    made.status = head.status;
    made.retry_after = head.retry_after;
    made.content_range = head.content_range;
    made.log_id = head.log_id;
    made.date = head.date;
    made.body_at = block.size();
    made.bytes.reserve(block.size() + static_cast<std::size_t>(head.body.length_bytes));
    made.bytes.assign(block);
    return made;
}

} // namespace

connection::connection(worker& home, std::size_t answer_bytes_max)
    : wire_(home), received_(2 * http::max_header_bytes), answer_bytes_max_(answer_bytes_max) {}

task<result<void>> connection::open(tcp_endpoint to, ssl_pointer ssl, deadline until) {
    if (!ssl) co_return failure{errc::tiktok_tls, "TLS cannot be set up for this host."};
    const auto connected = co_await wire_.connect(to, until);
    if (!connected) co_return failed(connected.error());
    const auto shook = co_await wire_.handshake(std::move(ssl), tls_role::client, until);
    if (!shook) co_return failed(shook.error());
    co_return result<void>();
}

void connection::begin_request() {
    requesting_ = true;
    sent_before_ = wire_.sent_bytes();
    in_step_ = heard_ = hung_up_ = false;
}

failure connection::failed(boost::system::error_code ec) {
    hung_up_ = ec != stream_errc::timed_out && ec != stream_errc::tls;
    return io_failure(ec, wire_.tls_problem(), sent_something());
}

task<result<void>> connection::write(std::string_view request, deadline until) {
    const auto written = co_await wire_.write(request, until);
    if (!written) co_return failed(written.error());
    co_return result<void>();
}

task<result<bool>> connection::write_unless_answered(std::string_view first, std::string_view second,
                                                     deadline until) {
    const auto written = co_await wire_.write_unless_answered(first, second, until);
    if (written) co_return *written == stream::wrote::all;
    // A peer that answers early and closes resets our write; what it said before can still be read.
    const bool has_answer = written.error() != stream_errc::timed_out && wire_.look() == stream::input::bytes;
    if (has_answer) co_return false;
    co_return failed(written.error());
}

task<result<void>> connection::receive(deadline until) {
    const auto room = received_.prepare();
    if (room.empty()) co_return refused("TikTok sent more than an answer's head may have.");
    const auto got = co_await wire_.read_some(room, until);
    if (!got) co_return failed(got.error());
    if (*got == 0) {
        hung_up_ = true;
        co_return io_failure(boost::asio::error::eof, {}, sent_something());
    }
    heard_ = true;
    received_.commit(*got);
    co_return result<void>();
}

task<result<std::size_t>> connection::fill_head(deadline until) {
    http::header_finder finder(http::peer::tiktok);
    for (;;) {
        const auto found = finder.look(received_.bytes());
        if (!found || *found > 0) co_return found;
        const auto more = co_await receive(until);
        if (!more) co_return more.error();
    }
}

task<result<reply>> connection::read_answer(deadline until) {
    for (int interim = 0; interim <= interim_answers_max; ++interim) {
        const auto size = co_await fill_head(until);
        if (!size) co_return size.error();
        const auto block = received_.bytes().substr(0, *size);
        const auto head = read_answer_head(block);
        if (!head) co_return head.error();
        if (head->status == switching_protocols) co_return refused("TikTok wants to switch protocols.");
        if (head->informational()) {
            received_.consume(*size);
            continue;
        }
        if (head->body.kind == http::framing::length && head->body.length_bytes > answer_bytes_max_)
            co_return refused("TikTok's answer is too large.");
        const auto frame = head->body;
        const bool keep_alive = head->keep_alive;
        reply answer = begin_reply(*head, block);
        received_.consume(*size); // the head's views end here
        result<void> whole;
        if (frame.kind == http::framing::length)
            whole = co_await read_body_of_length(answer, static_cast<std::size_t>(frame.length_bytes), until);
        else if (frame.kind == http::framing::chunked)
            whole = co_await read_chunked_body(answer, until);
        if (!whole) co_return whole.error();
        in_step_ = keep_alive && received_.empty();
        co_return std::move(answer);
    }
    co_return refused("TikTok sends interim answers without end.");
}

task<result<void>> connection::read_body_of_length(reply& into, std::size_t bytes, deadline until) {
    const auto here = received_.bytes().substr(0, bytes);
    into.bytes.append(here);
    received_.consume(here.size());
    std::size_t at = into.bytes.size();
    into.bytes.resize(into.body_at + bytes);
    while (at < into.bytes.size()) {
        const auto got = co_await wire_.read_some(std::span(into.bytes).subspan(at), until);
        if (!got) co_return failed(got.error());
        if (*got == 0) co_return io_failure(boost::asio::error::eof, {}, true);
        at += *got;
    }
    co_return result<void>();
}

task<result<void>> connection::read_chunked_body(reply& into, deadline until) {
    http::body_frame chunked;
    chunked.kind = http::framing::chunked;
    http::body_framing framing(chunked, answer_bytes_max_, http::peer::tiktok);
    for (;;) {
        const auto moved = framing.compact(received_.mutable_bytes());
        if (!moved) co_return failure{errc::tiktok_error, moved.error().message()};
        into.bytes.append(received_.bytes().substr(0, moved->data_bytes));
        received_.consume(moved->used);
        if (framing.complete()) co_return result<void>();
        const auto more = co_await receive(until);
        if (!more) co_return more.error();
    }
}

bool connection::is_quiet() {
    return received_.empty() && wire_.look() == stream::input::none;
}

void connection::relax() {
    received_.shrink();
    wire_.relax();
}

} // namespace gateway::outbound
