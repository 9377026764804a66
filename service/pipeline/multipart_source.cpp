#include "pipeline/multipart_source.hpp"

#include <algorithm>
#include <cstring>

namespace gateway::pipeline {
namespace {

// performance-notes, "Uploads": 64 KiB is the cheapest piece.
constexpr std::size_t buffer_bytes = 64 * 1024;

failure cut_short() {
    return failure{errc::malformed_request, "The multipart body ended before its closing delimiter."};
}

} // namespace

multipart_source::multipart_source(body_source& raw, std::string_view boundary,
                                   std::uint64_t content_length_bytes)
    : raw_(raw), form_(boundary, content_length_bytes), buffer_(std::make_unique<char[]>(buffer_bytes)) {}

task<result<bool>> multipart_source::advance(deadline until) {
    if (unread_.empty()) {
        const std::span<char> space{buffer_.get(), buffer_bytes};
        const auto got = co_await raw_.read_some(space, until);
        if (!got) co_return got.error();
        if (*got == 0) co_return false;
        unread_ = {buffer_.get(), *got};
    }
    const auto piece = form_.next(unread_);
    if (!piece) co_return piece.error();
    unread_.remove_prefix(piece->used);
    file_ = piece->data;
    co_return true;
}

task<result<void>> multipart_source::open(deadline until) {
    while (!form_.file_announced()) {
        const auto more = co_await advance(until);
        if (!more) co_return more.error();
        if (!*more) co_return cut_short();
    }
    co_return result<void>{};
}

task<result<std::size_t>> multipart_source::read_some(std::span<char> space, deadline until) {
    while (file_.empty()) {
        if (form_.complete()) co_return std::size_t{0};
        const auto more = co_await advance(until);
        if (!more) co_return more.error();
        if (!*more) co_return cut_short();
    }
    const auto count = std::min(space.size(), file_.size());
    std::memcpy(space.data(), file_.data(), count);
    file_.remove_prefix(count);
    co_return count;
}

} // namespace gateway::pipeline
