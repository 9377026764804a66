#include "outbound/connection.hpp"

#include "http/body_framing.hpp"
#include "http/header_finder.hpp"
#include "outbound/answer_head.hpp"
#include "outbound/io_failure.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

namespace gateway::outbound {
namespace {

// RFC 9110 §15.2 sets no bound on interim answers; nobody sends more than one or two (U10).
constexpr int interim_answers_max = 8;
constexpr int switching_protocols = 101;
// Most answers with their heads: what is more is read straight into its place.
constexpr std::size_t first_receive_bytes = 4 * 1024;

failure refused(const char* what) {
    return failure{errc::tiktok_error, what};
}

reply begin_reply(const http::response_head& head, std::string_view block) {
    reply made;
    made.status = head.status;
    made.retry_after = head.retry_after;
    made.content_range = head.content_range;
    made.log_id = head.log_id;
    made.body_at = block.size();
    made.bytes.reserve(block.size() + static_cast<std::size_t>(head.body.length_bytes));
    made.bytes.assign(block);
    return made;
}

} // namespace

connection::connection(worker& home, std::size_t answer_bytes_max)
    : wire_(home),
      received_(2 * http::max_header_bytes, first_receive_bytes),
      answer_bytes_max_(answer_bytes_max) {}

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

task<result<bool>> connection::write_unless_answered(std::string_view first, std::string_view second,
                                                     deadline until) {
    const auto written = co_await wire_.write_unless_answered(first, second, until);
    if (written) co_return *written == stream::wrote::all;
    // A peer that answers early and closes resets our write; what it said before can still be read.
    const bool has_answer = written.error() != stream_errc::timed_out && wire_.look() == stream::input::bytes;
    if (has_answer) co_return false;
    co_return failed(written.error());
}

/// One answer while it arrives: what is here is looked at, and what is missing is read into room(). All that
/// waits is read_answer(); everything else is here, so that its frame stays small.
class connection::arriving {
public:
    explicit arriving(connection& at) : at_(at) {}

    /// True: more has to be read. False: out() is the answer, or why there is none.
    bool wants_more();
    std::span<char> room();
    void took(const io_result<std::size_t>& got);
    result<reply> out() {
        if (wrong_) return std::move(*wrong_);
        return std::move(answer_);
    }

private:
    enum class part { head, body_of_length, chunks, end };

    bool end_with(failure why) {
        wrong_.emplace(std::move(why));
        return false;
    }
    bool look_at_head();
    bool begin_body(const http::response_head& head, std::string_view block);
    bool look_at_chunks();
    bool finished();

    connection& at_;
    http::header_finder finder_{http::peer::tiktok};
    int interim_ = 0;
    part now_ = part::head;
    bool keep_alive_ = false;
    std::size_t have_ = 0; // of answer_.bytes, which has its full size while a body of known length arrives
    std::optional<http::body_framing> framing_;
    reply answer_;
    std::optional<failure> wrong_;
};

bool connection::arriving::wants_more() {
    if (wrong_) return false;
    switch (now_) {
        case part::head:
            return look_at_head();
        case part::body_of_length:
            return have_ < answer_.bytes.size() || finished();
        case part::chunks:
            return look_at_chunks();
        case part::end:
            break;
    }
    return false;
}

bool connection::arriving::look_at_head() {
    for (;;) {
        const auto size = finder_.look(at_.received_.bytes());
        if (!size) return end_with(size.error());
        if (*size == 0) return true;
        const auto block = at_.received_.bytes().substr(0, *size);
        const auto head = read_answer_head(block);
        if (!head) return end_with(head.error());
        if (head->status == switching_protocols)
            return end_with(refused("TikTok wants to switch protocols."));
        if (!head->informational()) return begin_body(*head, block);
        if (++interim_ > interim_answers_max)
            return end_with(refused("TikTok sends interim answers without end."));
        at_.received_.consume(*size);
        finder_.reset();
    }
}

bool connection::arriving::begin_body(const http::response_head& head, std::string_view block) {
    const auto frame = head.body;
    if (frame.kind == http::framing::length && frame.length_bytes > at_.answer_bytes_max_)
        return end_with(refused("TikTok's answer is too large."));
    keep_alive_ = head.keep_alive;
    answer_ = begin_reply(head, block);
    at_.received_.consume(block.size()); // the head's views end here
    if (frame.kind == http::framing::none) return finished();
    if (frame.kind == http::framing::chunked) {
        framing_.emplace(frame, at_.answer_bytes_max_, http::peer::tiktok);
        now_ = part::chunks;
        return look_at_chunks();
    }
    const auto bytes = static_cast<std::size_t>(frame.length_bytes);
    const auto here = at_.received_.bytes().substr(0, bytes);
    answer_.bytes.append(here);
    at_.received_.consume(here.size());
    have_ = answer_.bytes.size();
    answer_.bytes.resize(answer_.body_at + bytes);
    now_ = part::body_of_length;
    return have_ < answer_.bytes.size() || finished();
}

bool connection::arriving::look_at_chunks() {
    const auto moved = framing_->compact(at_.received_.mutable_bytes());
    if (!moved) return end_with(failure{errc::tiktok_error, moved.error().message()});
    answer_.bytes.append(at_.received_.bytes().substr(0, moved->data_bytes));
    at_.received_.consume(moved->used);
    return !framing_->complete() || finished();
}

bool connection::arriving::finished() {
    now_ = part::end;
    at_.in_step_ = keep_alive_ && at_.received_.empty();
    return false;
}

std::span<char> connection::arriving::room() {
    if (now_ == part::body_of_length) return std::span(answer_.bytes).subspan(have_);
    const auto space = at_.received_.prepare();
    if (space.empty()) end_with(refused("TikTok sent more than an answer's head may have."));
    return space;
}

void connection::arriving::took(const io_result<std::size_t>& got) {
    if (!got) {
        end_with(at_.failed(got.error()));
    } else if (*got == 0) {
        at_.hung_up_ = true;
        end_with(io_failure(boost::asio::error::eof, {}, at_.sent_something()));
    } else {
        at_.heard_ = true;
        if (now_ == part::body_of_length)
            have_ += *got;
        else
            at_.received_.commit(*got);
    }
}

task<result<reply>> connection::read_answer(deadline until) {
    arriving answer(*this);
    while (answer.wants_more()) {
        const auto space = answer.room();
        if (space.empty()) break;
        const auto got = co_await wire_.read_some(space, until);
        answer.took(got);
    }
    co_return answer.out();
}

bool connection::is_quiet() {
    return received_.empty() && wire_.look() == stream::input::none;
}

void connection::relax() {
    received_.shrink();
    wire_.relax();
}

} // namespace gateway::outbound
