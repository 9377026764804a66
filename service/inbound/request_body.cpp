#include "inbound/request_body.hpp"

#include "base/secret.hpp"
#include "http/writers.hpp"
#include "runtime/shared_memory.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace gateway::inbound {
namespace {

constexpr std::uint64_t discard_bytes_max = 64 * 1024;
constexpr milliseconds look_at_lost_every{1'000};

failure too_slow() {
    return failure{errc::request_timeout, "The body of the request came too slowly; send it again."};
}

failure gone() {
    return failure{errc::malformed_request, "The connection ended in the middle of the body."};
}

} // namespace

request_body::request_body(stream& from, buffer& received, const http::request_head& head,
                           std::uint64_t max_bytes, body_pace pace)
    : from_(from),
      received_(received),
      framing_(head.body, max_bytes),
      must_ask_(head.expect_continue && head.body.kind != http::framing::none),
      pace_(pace) {}

task<result<std::size_t>> request_body::read_some(std::span<char> space, deadline until) {
    if (broken_) co_return gone();
    if (auto announced = framing_.announced(); !announced) co_return announced.error();
    while (!framing_.complete()) {
        if (lost_ && lost_->load(std::memory_order_relaxed)) co_return lost_its_place();
        if (!received_.empty()) {
            // Bytes that arrived with the header block, or together with a chunk's size line.
            auto taken = take_buffered(space);
            if (!taken) broken_ = true;
            if (!taken || *taken > 0) co_return taken;
            continue;
        }
        if (must_ask_) {
            must_ask_ = false;
            if (const auto asked = co_await from_.write(http::continue_100, until); !asked) {
                broken_ = true;
                co_return gone();
            }
        }
        auto read = co_await read_socket(space, until);
        if (!read) broken_ = true;
        if (!read || *read > 0) co_return read;
    }
    co_return std::size_t{0};
}

result<std::size_t> request_body::take_buffered(std::span<char> space) {
    const auto bytes = received_.bytes().substr(0, space.size());
    auto piece = framing_.next(bytes);
    if (!piece) return piece.error();
    const std::size_t size = piece->data.size();
    if (size > 0) std::memcpy(space.data(), piece->data.data(), size);
    received_.consume(piece->used);
    return size;
}

task<result<std::size_t>> request_body::read_socket(std::span<char> space, deadline until) {
    // A body of known length must not read bytes of the connection's next request.
    if (framing_.frame().kind == http::framing::length) {
        const auto left = framing_.frame().length_bytes - framing_.received_bytes();
        space = space.first(static_cast<std::size_t>(std::min<std::uint64_t>(space.size(), left)));
    }
    const bool chunked = framing_.frame().kind == http::framing::chunked;
    const auto target = chunked ? received_.prepare() : space;
    const auto began = steady_now();
    auto window_end = deadline::in(began, pace_.window - waited_);
    if (lost_) window_end = window_end.no_later_than(began + look_at_lost_every);
    const auto arrived = co_await from_.read_some(target, until.no_later_than(window_end));
    waited_ += std::chrono::duration_cast<milliseconds>(steady_now() - began);
    if (arrived) window_bytes_ += *arrived;
    if (waited_ >= pace_.window) {
        const auto wanted = static_cast<std::uint64_t>(pace_.bytes_per_second_min)
                            * static_cast<std::uint64_t>(pace_.window.count()) / 1000;
        if (!grace_ && window_bytes_ < wanted) co_return too_slow();
        grace_ = false;
        waited_ = milliseconds{0};
        window_bytes_ = 0;
    }
    if (!arrived) {
        const bool late = arrived.error() == stream_errc::timed_out;
        if (late && !until.passed(steady_now()))
            co_return std::size_t{0}; // a part of the wait ended, not the call's deadline
        co_return late ? too_slow() : gone();
    }
    if (*arrived == 0) co_return gone();
    if (chunked) {
        received_.commit(*arrived);
        co_return take_buffered(space);
    }
    auto piece = framing_.next(std::string_view(space.data(), *arrived));
    if (!piece) co_return piece.error();
    co_return piece->data.size();
}

task<bool> request_body::discard(deadline until) {
    if (framing_.complete()) co_return true;
    if (broken_ || must_ask_) co_return false;
    if (framing_.frame().kind == http::framing::length
        && framing_.frame().length_bytes - framing_.received_bytes() > discard_bytes_max)
        co_return false;
    std::array<char, 4096> waste;
    std::uint64_t thrown = 0;
    while (!framing_.complete()) {
        const auto read = co_await read_some(waste, until);
        wipe_bytes(waste); // the frame's memory is used again, and a refused body may hold tokens
        if (!read) co_return false;
        thrown += *read;
        if (thrown > discard_bytes_max) co_return false;
    }
    co_return true;
}

} // namespace gateway::inbound
