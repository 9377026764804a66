#include "outbound/arriving_answer.hpp"

#include "runtime/parse_head.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace gateway::outbound {
namespace {

// RFC 9110 §15.2 sets no bound on interim answers; more than one or two are unusual (U10).
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
    made.body_at = block.size();
    made.bytes.reserve(block.size() + static_cast<std::size_t>(head.body.length_bytes));
    made.bytes.assign(block);
    return made;
}

} // namespace

bool arriving_answer::end_with(failure why) {
    wrong_.emplace(std::move(why));
    return false;
}

bool arriving_answer::wants_more() {
    if (wrong_ || !look()) return false;
    room_ = now_ == part::body_of_length ? std::span(answer_.bytes).subspan(have_) : on_.received_.prepare();
    return !room_.empty() || end_with(refused("TikTok sent more than an answer's head may have."));
}

/// Processes the bytes received so far. True if more are needed.
bool arriving_answer::look() {
    switch (now_) {
        case part::head:
            return look_at_head();
        case part::body_of_length:
            return have_ < answer_.bytes.size() || finished();
        case part::chunks:
            return look_at_chunks();
        case part::until_close:
            return take_all();
        case part::end:
            break;
    }
    return false;
}

bool arriving_answer::look_at_head() {
    for (;;) {
        const auto size = finder_.look(on_.received_.bytes());
        if (!size) return end_with(size.error());
        if (*size == 0) return true;
        const auto block = on_.received_.bytes().substr(0, *size);
        const auto head = parse_response_head(block);
        if (!head) return end_with(head.error());
        if (head->status == switching_protocols)
            return end_with(refused("TikTok wants to switch protocols."));
        if (!head->informational()) return begin_body(*head, block);
        if (++interim_ > interim_answers_max)
            return end_with(refused("TikTok sends interim answers without end."));
        on_.received_.consume(*size);
        finder_.reset();
    }
}

bool arriving_answer::begin_body(const http::response_head& head, std::string_view block) {
    const auto frame = head.body;
    if (frame.kind == http::framing::length && frame.length_bytes > on_.answer_bytes_max_)
        return end_with(refused("TikTok's answer is too large."));
    keep_alive_ = head.keep_alive;
    answer_ = begin_reply(head, block);
    on_.received_.consume(block.size()); // from here on the views of the head are invalid
    if (frame.kind == http::framing::none) return finished();
    if (frame.kind == http::framing::chunked) {
        framing_.emplace(frame, on_.answer_bytes_max_, http::peer::tiktok);
        now_ = part::chunks;
        return look_at_chunks();
    }
    if (frame.kind == http::framing::until_close) {
        keep_alive_ = false;
        now_ = part::until_close;
        return take_all();
    }
    const auto bytes = static_cast<std::size_t>(frame.length_bytes);
    const auto here = on_.received_.bytes().substr(0, bytes);
    answer_.bytes.append(here);
    on_.received_.consume(here.size());
    have_ = answer_.bytes.size();
    answer_.bytes.resize(answer_.body_at + bytes);
    now_ = part::body_of_length;
    return have_ < answer_.bytes.size() || finished();
}

bool arriving_answer::look_at_chunks() {
    const auto moved = framing_->compact(on_.received_.mutable_bytes());
    if (!moved) return end_with(failure{errc::tiktok_error, moved.error().message()});
    answer_.bytes.append(on_.received_.bytes().substr(0, moved->data_bytes));
    on_.received_.consume(moved->used);
    return !framing_->complete() || finished();
}

/// For a body that ends with the connection; took() handles the end.
bool arriving_answer::take_all() {
    const auto here = on_.received_.bytes();
    if (answer_.bytes.size() - answer_.body_at + here.size() > on_.answer_bytes_max_)
        return end_with(refused("TikTok's answer is too large."));
    answer_.bytes.append(here);
    on_.received_.consume(here.size());
    return true;
}

bool arriving_answer::finished() {
    now_ = part::end;
    on_.in_step_ = keep_alive_ && on_.received_.empty();
    return false;
}

result<reply> arriving_answer::out() {
    if (wrong_) return std::move(*wrong_);
    return std::move(answer_);
}

void arriving_answer::took(const io_result<std::size_t>& got) {
    if (!got) {
        failed(got.error());
    } else if (*got == 0 && now_ == part::until_close) {
        finished(); // a TLS close_notify, so the body is complete (U05)
    } else if (*got == 0) {
        failed(boost::asio::error::eof);
    } else {
        on_.heard_ = true;
        if (now_ == part::body_of_length)
            have_ += *got;
        else
            on_.received_.commit(*got);
    }
}

} // namespace gateway::outbound
