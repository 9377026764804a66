#include "pipeline/multipart_source.hpp"

#include "files/staged_file_store.hpp"
#include "runtime/shared_memory.hpp"
#include "tiktok/chunk_plan.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace gateway::pipeline {
namespace {

// docs/performance.md §3: 64 KiB is the cheapest piece.
constexpr std::uint64_t buffer_bytes_max = 64 * 1024;

bool fits_into_a_chunk(std::uint64_t form_bytes) {
    return form_bytes <= tiktok::chunk_bytes_without_hint;
}

} // namespace

multipart_source::multipart_source(body_source& raw, std::string_view boundary,
                                   std::uint64_t content_length_bytes)
    : raw_(raw),
      content_length_bytes_(content_length_bytes),
      form_(boundary, fits_into_a_chunk(content_length_bytes)),
      buffer_bytes_(
          static_cast<std::size_t>(std::clamp<std::uint64_t>(content_length_bytes, 1, buffer_bytes_max))) {}

multipart_source::~multipart_source() = default;

/// The pace is measured, except where the file is streamed: then the reader measures it.
task<result<std::size_t>> multipart_source::read_raw(deadline until) {
    const std::span<char> space{buffer_.get(), buffer_bytes_};
    if (buffered_ == buffering::none) co_return co_await raw_.read_some(space, until);
    const auto there = co_await hold_memory(*memory_, buffer_bytes_, until);
    if (!there) co_return there.error();
    auto got = co_await raw_.read_some(space, until);
    memory_->came(got ? *got : 0, steady_now());
    co_return got;
}

task<result<bool>> multipart_source::advance(deadline until) {
    if (unread_.empty()) {
        const auto got = co_await read_raw(until);
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

task<result<void>> multipart_source::open(limits::shared_bytes& room, sharer by, deadline until) {
    memory_ = room.take(by, buffer_bytes_, steady_now());
    if (!memory_) co_return no_memory_left();
    buffer_ = std::make_unique_for_overwrite<char[]>(buffer_bytes_);
    const giving_way while_it_comes(raw_, *memory_);
    while (!form_.file_announced()) {
        const auto more = co_await advance(until);
        if (!more) co_return more.error();
        if (!*more) break; // the parser refuses a form without a file
    }
    const auto announced = form_.announced_file_bytes();
    const auto left = content_length_bytes_ - used_bytes_;
    const auto file_most = left - std::min<std::uint64_t>(left, form_.closing_bytes());
    if (left < form_.closing_bytes() || announced.value_or(0) > file_most)
        co_return failure{errc::malformed_request,
                          "The body's Content-Length leaves no room for the file and the closing delimiter."};
    file_bytes_at_most_ = announced.value_or(file_most);
    announced_ = announced.has_value();
    const bool nothing_behind =
        announced && (*announced == file_most || *announced + 2 == file_most); // or only a line break
    if (fits_into_a_chunk(content_length_bytes_))
        buffered_ = buffering::in_memory;
    else
        buffered_ = nothing_behind ? buffering::none : buffering::on_disk;
    co_return result<void>{};
}

task<result<void>> multipart_source::hold(deadline until) {
    if (!memory_->reserve(buffer_bytes_ + content_length_bytes_, steady_now())) co_return no_memory_left();
    const giving_way while_it_comes(raw_, *memory_);
    held_bytes all;
    for (;;) {
        const auto piece = co_await next_piece(until);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
        const auto bytes = buffer_bytes_ + all.size_bytes() + piece->size();
        const auto there = co_await hold_memory(*memory_, bytes, until);
        if (!there) co_return there.error();
        all.append(*piece);
    }
    memory_->came(0, steady_now()); // all is here
    buffer_.reset();
    held_ = std::make_unique<held_bytes>(std::move(all));
    co_return result<void>{};
}

task<result<void>> multipart_source::write_rest(files::file_writer& to, deadline until) {
    const giving_way while_it_comes(raw_, *memory_);
    for (;;) {
        const auto piece = co_await next_piece(until);
        if (!piece) co_return piece.error();
        if (piece->empty()) co_return result<void>{};
        const auto written = co_await to.write(*piece, until);
        if (!written) co_return written.error();
    }
}

task<result<void>> multipart_source::stage(files::staged_file_store& room, caller_name caller,
                                           std::uint32_t keep_hours, deadline until) {
    auto begun = co_await room.begin(std::move(caller), file_bytes_at_most_, keep_hours, until);
    if (!begun) co_return begun.error();
    auto written = co_await write_rest(**begun, until);
    if (!written) co_return written.error();
    auto whole = co_await (*begun)->read_back(until);
    if (!whole) co_return whole.error();
    writer_ = std::move(*begun);
    staged_ = std::move(*whole);
    buffer_.reset();
    memory_.reset();
    co_return result<void>{};
}

task<result<void>> multipart_source::count(deadline until) {
    if (broken_) co_return *broken_;
    const giving_way while_it_comes(raw_, *memory_);
    for (;;) {
        const auto piece = co_await next_piece(until);
        if (!piece) co_return piece.error();
        if (piece->empty()) break;
    }
    counted_ = true;
    co_return result<void>{};
}

/// What is left of the form is handed on through the buffer only where it is not held.
std::optional<limits::shared_bytes::permit> multipart_source::release_memory() {
    if (!held_) return std::nullopt;
    return std::exchange(memory_, std::nullopt);
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
