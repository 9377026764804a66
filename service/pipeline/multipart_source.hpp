// The file part of a multipart/form-data body as a body_source (docs/contract.md §5 b). Its size, and as far
// as possible its validity, must be known before TikTok is called. There are three ways: a form of at most
// one chunk is read whole into memory; a larger one is streamed if its file part has a length and the body's
// Content-Length leaves room only for the closing delimiter after it; every other form is staged on disk
// first. Lives in the frame of the call, on its worker; refers to the raw body.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "http/multipart.hpp"
#include "limits/shared_bytes.hpp"
#include "pipeline/held_bytes.hpp"
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gateway::files {
class staged_file_store;
class file_writer;
} // namespace gateway::files

namespace gateway::pipeline {

class multipart_source final : public body_source {
public:
    multipart_source(body_source& raw, std::string_view boundary, std::uint64_t content_length_bytes);
    ~multipart_source() override;

    /// Where the rest of the form is kept before the file is sent.
    enum class buffering { in_memory, none, on_disk };

    /// Reads up to the first byte of the file. Errors of http::multipart_form and of the body, and overloaded
    /// when `room` has no memory for `by`.
    task<result<void>> open(limits::shared_bytes& room, sharer by, deadline until);
    /// After open().
    buffering buffered() const { return buffered_; }

    /// hold() only if buffered() is `in_memory`, stage() only if it is `on_disk`; once. Reads the rest of the
    /// form: on success the file's size is known and the form is valid. Both fail with overloaded when there
    /// is no room left.
    task<result<void>> hold(deadline until);
    task<result<void>> stage(files::staged_file_store& room, caller_name caller, std::uint32_t keep_hours,
                             deadline until);

    /// Whether size_bytes() is the exact size of the file and not only a bound: its part has a
    /// Content-Length, or hold(), stage() or count() has read it to the end.
    bool knows_size() const { return announced_ || held_ || staged_ || counted_; }
    /// For a call that only checks its form and sends no file: reads the rest of the form and discards it. On
    /// success the file's size is known and the form is valid.
    task<result<void>> count(deadline until);

    bool is_held() const { return held_ != nullptr; }
    /// Whether hold() or stage() has succeeded.
    bool is_whole() const { return held_ || staged_; }
    bool has_input() const { return form_.has_input(); }
    const std::string& input() const { return form_.input(); }
    const std::string& file_name() const { return form_.file_name(); }
    /// The writer of the staged file; null if nothing was staged. The file is deleted with this object unless
    /// the caller calls the writer's finish(), which keeps it.
    files::file_writer* staged_in() const { return writer_.get(); }

    /// The file's size; only an upper bound of it while knows_size() is false.
    std::uint64_t size_bytes() const override;
    task<result<std::size_t>> read_some(std::span<char> space, deadline until) override;
    void give_way_when(const std::atomic<bool>* lost) override { raw_.give_way_when(lost); }
    std::optional<limits::shared_bytes::permit> release_memory() override;

private:
    /// One step of the parser; reads more first if nothing is left. `false`: the form has ended without an
    /// error.
    task<result<bool>> advance(deadline until);
    task<result<std::size_t>> read_raw(deadline until);
    task<result<void>> write_rest(files::file_writer& to, deadline until);
    /// The next bytes of the file, valid until the next call; empty at the end.
    task<result<std::string_view>> next_piece(deadline until);

    body_source& raw_;
    std::uint64_t content_length_bytes_;
    http::multipart_form form_;
    const std::size_t buffer_bytes_;
    std::unique_ptr<char[]> buffer_;
    std::string_view unread_;      // in buffer_
    std::string_view file_;        // bytes of the file not returned yet
    std::uint64_t used_bytes_ = 0; // bytes of the body that the parser has consumed
    std::uint64_t file_bytes_at_most_ = 0;
    std::uint64_t seen_bytes_ = 0; // of the file, handed on by next_piece()
    bool announced_ = false;       // the file part has a Content-Length
    bool counted_ = false;
    std::optional<failure> broken_; // the first error of the body or the parser
    buffering buffered_ = buffering::in_memory;

    std::optional<limits::shared_bytes::permit> memory_; // of the buffer, and of what is held
    std::unique_ptr<held_bytes> held_;
    std::unique_ptr<files::file_writer> writer_;
    std::unique_ptr<body_source> staged_; // reads what writer_ has written
};

} // namespace gateway::pipeline
