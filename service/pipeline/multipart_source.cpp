#include "pipeline/multipart_source.hpp"

#include "files/staged_file_store.hpp"
#include "tiktok/chunk_plan.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gateway::pipeline {
namespace {

// docs/performance.md §3: 64 KiB is the cheapest piece.
constexpr std::size_t buffer_bytes = 64 * 1024;

bool fits_into_a_chunk(std::uint64_t form_bytes) {
    return form_bytes <= tiktok::chunk_bytes_without_hint;
}

} // namespace

multipart_source::multipart_source(body_source& raw, std::string_view boundary,
                                   std::uint64_t content_length_bytes)
    : raw_(raw),
      content_length_bytes_(content_length_bytes),
      form_(boundary, fits_into_a_chunk(content_length_bytes)),
      buffer_(std::make_unique<char[]>(buffer_bytes)) {}

multipart_source::~multipart_source() = default;

task<result<bool>> multipart_source::advance(deadline until) {
    if (unread_.empty()) {
        const std::span<char> space{buffer_.get(), buffer_bytes};
        const auto got = co_await raw_.read_some(space, until);
        if (!got) co_return broken_.emplace(got.error());
        if (*got == 0) {
            const auto good = form_.end();
            if (!good) co_return broken_.emplace(good.error());
            co_return false;
        }
        unread_ = {buffer_.get(), *got};
    }
    const auto piece = form_.next(unread_);
    if (!piece) co_return broken_.emplace(piece.error());
    unread_.remove_prefix(piece->used);
    used_bytes_ += piece->used;
    file_ = piece->data;
    co_return true;
}

task<result<void>> multipart_source::open(deadline until) {
    while (!form_.file_announced()) {
        const auto more = co_await advance(until);
        if (!more) co_return more.error();
        if (!*more) break; // the parser refuses a form without a file
    }
    const auto announced = form_.announced_file_bytes();
    const auto left = content_length_bytes_ - used_bytes_;
    const auto room = left - std::min<std::uint64_t>(left, form_.closing_bytes());
    if (left < form_.closing_bytes() || announced.value_or(0) > room)
        co_return failure{errc::malformed_request,
                          "The body's Content-Length leaves no room for the file and the closing delimiter."};
    file_bytes_at_most_ = announced.value_or(room);
    announced_ = announced.has_value();
    const bool nothing_behind =
        announced && (*announced == room || *announced + 2 == room); // or only a line break
    if (fits_into_a_chunk(content_length_bytes_))
        buffered_ = buffering::in_memory;
    else
        buffered_ = nothing_behind ? buffering::none : buffering::on_disk;
    co_return result<void>{};
}

task<result<void>> multipart_source::hold(byte_budget& room, deadline until) {
    auto taken = room.take(content_length_bytes_);
    if (!taken)
        co_return failure(errc::overloaded, "Too many uploads are running; try again soon.")
            .retry_after(milliseconds{5'000});
    memory_.emplace(std::move(*taken));
    held_bytes all;
    for (;;) {
        const auto piece = co_await next_piece(until);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        all.append(*piece);
    }
    held_ = std::make_unique<held_bytes>(std::move(all));
    co_return result<void>{};
}

task<result<void>> multipart_source::stage(files::staged_file_store& room, caller_name caller,
                                           std::uint32_t keep_hours, deadline until) {
    auto begun = co_await room.begin(std::move(caller), file_bytes_at_most_, keep_hours, until);
    if (!begun) co_return begun.error();
    for (;;) {
        const auto piece = co_await next_piece(until);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        const auto written = co_await (*begun)->write(*piece, until);
        if (!written) co_return written.error();
    }
    auto whole = co_await (*begun)->read_back(until);
    if (!whole) co_return whole.error();
    writer_ = std::move(*begun);
    staged_ = std::move(*whole);
    co_return result<void>{};
}

task<result<void>> multipart_source::count(deadline until) {
    if (broken_) co_return *broken_;
    for (;;) {
        const auto piece = co_await next_piece(until);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
    }
    counted_ = true;
    co_return result<void>{};
}

std::uint64_t multipart_source::size_bytes() const {
    if (counted_) return seen_bytes_;
    if (held_) return held_->size_bytes();
    return staged_ ? staged_->size_bytes() : file_bytes_at_most_;
}

task<result<std::string_view>> multipart_source::next_piece(deadline until) {
    while (file_.empty()) {
        const auto more = co_await advance(until);
        if (!more) co_return more.error();
        if (!*more) break;
    }
    seen_bytes_ += file_.size();
    co_return std::exchange(file_, {});
}

task<result<std::size_t>> multipart_source::read_some(std::span<char> space, deadline until) {
    if (staged_) co_return co_await staged_->read_some(space, until);
    if (held_) co_return held_->take(space);
    if (file_.empty()) {
        const auto piece = co_await next_piece(until);
        if (!piece) co_return piece.error();
        file_ = *piece;
    }
    const auto count = std::min(space.size(), file_.size());
    if (count > 0) std::memcpy(space.data(), file_.data(), count);
    file_.remove_prefix(count);
    co_return count;
}

} // namespace gateway::pipeline
