// The file part of a multipart/form-data body as a body_source: its size is known and its inputs are read
// when open() returns, its bytes are pulled later. Lives in the frame of the call, on its worker; refers to
// the raw body.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/multipart.hpp"
#include "runtime/body_source.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gateway::pipeline {

class multipart_source final : public body_source {
public:
    multipart_source(body_source& raw, std::string_view boundary, std::uint64_t content_length_bytes);

    /// Reads up to the first byte of the file. Errors of http::multipart_upload and of the body.
    task<result<void>> open(deadline until);

    const std::string& input() const { return form_.input(); }
    const std::string& file_name() const { return form_.file_name(); }
    std::uint64_t size_bytes() const override { return form_.file_size_bytes(); }
    task<result<std::size_t>> read_some(std::span<char> space, deadline until) override;

private:
    /// One step of the parser, after reading more when nothing is left. `false`: the raw body has ended.
    task<result<bool>> advance(deadline until);

    body_source& raw_;
    http::multipart_upload form_;
    std::unique_ptr<char[]> buffer_;
    std::string_view unread_; // in buffer_
    std::string_view file_;   // bytes of the file not handed on yet
};

} // namespace gateway::pipeline
