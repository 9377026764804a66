#include "http/multipart.hpp"

#include "base/text.hpp"
#include "http/part_head.hpp"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace gateway::http {
namespace {

failure refuse(std::string what) {
    return failure{errc::malformed_request, std::move(what)};
}

failure refuse_part(std::string_view name, std::string reason) {
    const std::string part(name.substr(0, 64));
    std::string sentence = "The form is refused: its part " + part + " " + reason + ".";
    std::vector<field_fault> faults{{part, std::move(reason)}};
    return failure{errc::invalid_input, std::move(sentence)}.fields(std::move(faults));
}

std::size_t common_bytes(std::string_view one, std::string_view other) {
    const auto first_other = std::mismatch(one.begin(), one.end(), other.begin(), other.end());
    return static_cast<std::size_t>(first_other.first - one.begin());
}

} // namespace

multipart_form::multipart_form(std::string_view boundary, bool input_may_follow)
    : delimiter_("\r\n--" + std::string(boundary)), input_may_follow_(input_may_follow) {}

result<body_piece> multipart_form::next(std::string_view bytes) {
    body_piece piece;
    while (piece.used < bytes.size() && piece.data.empty()) {
        const bool had_file = have_file_;
        result<void> good{};
        switch (state_) {
            case state::preamble:
            case state::input:
            case state::file:
                good = take_content(piece, bytes.substr(piece.used));
                break;
            case state::delimiter_end:
                good = take_delimiter_end(bytes[piece.used++]);
                break;
            case state::part_head:
                good = take_head(bytes[piece.used++]);
                break;
            case state::closing:
                good = take_closing(bytes[piece.used++]);
                break;
            case state::epilogue:
                piece.used = bytes.size();
                break;
        }
        if (good.has_error()) return good.error();
        if (have_file_ != had_file) break;
    }
    return piece;
}

result<void> multipart_form::end() const {
    const bool closed = state_ == state::epilogue || (state_ == state::closing && !head_.ends_with('\r'));
    if (closed) return {};
    return refuse("The multipart body ends before its closing delimiter.");
}

/// A run of `bytes` that is certainly content, or a kept start of a delimiter that turned out to be content.
body_piece multipart_form::up_to_delimiter(std::string_view bytes) {
    const std::string_view wanted{delimiter_};
    body_piece piece;
    if (matched_ > 0) {
        piece.used = common_bytes(bytes, wanted.substr(matched_));
        matched_ += piece.used;
        if (matched_ == wanted.size() || piece.used == bytes.size()) return piece;
        piece.data = wanted.substr(imagined_, matched_ - imagined_);
        matched_ = imagined_ = 0;
        return piece;
    }
    // CR occurs only at the front of the delimiter, so after a mismatch the search continues at the mismatch.
    for (std::size_t at = 0; at < bytes.size();) {
        const void* const found = std::memchr(bytes.data() + at, '\r', bytes.size() - at);
        if (found == nullptr) break;
        const auto begin = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
        const auto count = common_bytes(bytes.substr(begin), wanted);
        at = begin + count;
        if (count < wanted.size() && at < bytes.size()) continue;
        matched_ = count;
        return {at, bytes.substr(0, begin)};
    }
    return {bytes.size(), bytes};
}

result<void> multipart_form::take_content(body_piece& piece, std::string_view bytes) {
    const auto run = up_to_delimiter(bytes);
    piece.used += run.used;
    if (state_ == state::preamble) {
        preamble_bytes_ += run.used;
        if (preamble_bytes_ > max_preamble_bytes)
            return refuse("The body does not begin with the boundary of its Content-Type.");
    } else if (state_ == state::input) {
        if (input_.size() + run.data.size() > max_multipart_input_bytes)
            return failure{errc::too_large, "The part input is larger than 64 KiB."};
        input_.append(run.data);
    } else {
        file_bytes_ += run.data.size();
        if (announced_file_bytes_ && file_bytes_ > *announced_file_bytes_) return file_is_not_as_announced();
        piece.data = run.data;
    }
    return matched_ == delimiter_.size() ? content_ends() : result<void>{};
}

result<void> multipart_form::content_ends() {
    if (state_ == state::file && announced_file_bytes_ && file_bytes_ != *announced_file_bytes_)
        return file_is_not_as_announced();
    if (state_ == state::input) have_input_ = true;
    matched_ = imagined_ = 0;
    head_.clear();
    state_ = state::delimiter_end;
    return {};
}

result<void> multipart_form::take_delimiter_end(char next) {
    head_.push_back(next);
    if (head_ == "--") {
        head_.clear();
        state_ = state::closing;
        if (!have_file_) return refuse_part("file_to_upload", "is required, and the form has no such part");
        return {};
    }
    if (head_.ends_with("\r\n")) {
        head_.clear();
        state_ = state::part_head;
        return {};
    }
    const bool padding = is_blank(next) && trimmed(head_).empty();
    const bool line_end =
        next == '\r' && trimmed(std::string_view{head_}.substr(0, head_.size() - 1)).empty();
    if ((padding || line_end || head_ == "-") && head_.size() <= max_part_header_bytes) return {};
    return refuse("A line begins with the boundary and goes on with something else.");
}

result<void> multipart_form::take_closing(char next) {
    head_.push_back(next);
    if (head_.ends_with("\r\n")) {
        state_ = state::epilogue;
        return {};
    }
    const auto before = std::string_view{head_}.substr(0, head_.size() - 1);
    const bool legal = (is_blank(next) || next == '\r') && trimmed(before).empty();
    if (legal && head_.size() <= max_part_header_bytes) return {};
    return refuse("Behind the closing delimiter nothing may follow but blanks and a line break.");
}

result<void> multipart_form::take_head(char next) {
    if (head_.size() == max_part_header_bytes) return refuse("The head of a part is longer than 2 KB.");
    head_.push_back(next);
    if (head_ == "\r\n") return refuse("A part has no Content-Disposition.");
    return head_.ends_with("\r\n\r\n") ? part_begins() : result<void>{};
}

result<void> multipart_form::part_begins() {
    auto part = read_part_head(head_);
    head_.clear();
    if (!part) return refuse("The head of a part is not form-data with a name.");
    matched_ = imagined_ = 2; // in an empty part, the line break of its head is also that of its delimiter
    const bool is_input = part->name == "input";
    if (!is_input && part->name != "file_to_upload")
        return refuse_part(part->name,
                           "is not taken: the parts are input, one JSON object with all inputs, and "
                           "file_to_upload, each once");
    if (is_input ? have_input_ : have_file_) return refuse_part(part->name, "must be given once");
    if (is_input && have_file_ && !input_may_follow_)
        return refuse_part("input", "must come before file_to_upload in a form of this size");
    if (is_input) {
        state_ = state::input;
        return {};
    }
    have_file_ = true;
    file_name_ = std::move(part->file_name);
    announced_file_bytes_ = part->length_bytes;
    state_ = state::file;
    return {};
}

failure multipart_form::file_is_not_as_announced() const {
    return refuse("The file part is not as long as its own Content-Length says.");
}

} // namespace gateway::http
