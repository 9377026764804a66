#include "http/multipart.hpp"

#include "http/media_type.hpp"
#include "http/wire_text.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace gateway::http {
namespace {

failure refuse(std::string what) {
    return failure{errc::malformed_request, std::move(what)};
}

/// What a part says about itself (RFC 7578 §4).
struct part_head {
    std::string name;
    std::string file_name;
    std::string type;
    std::optional<std::uint64_t> length_bytes;
};

/// Splits `form-data; name="…"; filename="…"`. Inside quotes browsers escape only the quote itself, as %22 or
/// \".
bool read_disposition(std::string_view value, part_head& part) {
    constexpr std::string_view kind = "form-data";
    if (!same_word(trimmed(value.substr(0, value.find(';'))), kind)) return false;
    value.remove_prefix(std::min(value.find(';'), value.size()));
    bool named = false;
    while (!value.empty()) {
        value = trimmed(value.substr(1)); // the semicolon
        const std::size_t equals = value.find('=');
        if (equals == std::string_view::npos) return false;
        const std::string_view key = trimmed(value.substr(0, equals));
        value.remove_prefix(equals + 1);
        std::string text;
        if (!value.empty() && value.front() == '"') {
            std::size_t at = 1;
            for (; at < value.size() && value[at] != '"'; ++at) {
                if (value[at] == '\\' && at + 1 < value.size()) ++at;
                text.push_back(value[at]);
            }
            if (at >= value.size()) return false;
            value.remove_prefix(at + 1);
        } else {
            const std::size_t end = std::min(value.find(';'), value.size());
            text = trimmed(value.substr(0, end));
            value.remove_prefix(end);
        }
        if (same_word(key, "name") && std::exchange(named, true)) return false;
        if (same_word(key, "name")) part.name = text;
        if (same_word(key, "filename")) part.file_name = text;
        value = trimmed(value);
        if (!value.empty() && value.front() != ';') return false;
    }
    return named;
}

bool read_part_field(std::string_view line, part_head& part, bool& disposed) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (!all(token_byte, name) || !all(value_byte, value)) return false;
    if (same_word(name, "content-disposition"))
        return !std::exchange(disposed, true) && read_disposition(value, part);
    if (same_word(name, "content-type")) part.type = value;
    if (same_word(name, "content-length")) {
        part.length_bytes = length_of(value);
        return part.length_bytes.has_value();
    }
    // RFC 7578 §4.7: deprecated; base64 would be other bytes than the caller means.
    if (same_word(name, "content-transfer-encoding"))
        return same_word(value, "binary") || same_word(value, "8bit");
    return true;
}

/// `head` is "line CRLF line CRLF CRLF".
std::optional<part_head> read_part_head(std::string_view head) {
    part_head part;
    bool disposed = false;
    while (!head.starts_with("\r\n")) {
        const std::size_t end = head.find("\r\n");
        if (end == std::string_view::npos || !read_part_field(head.substr(0, end), part, disposed))
            return std::nullopt;
        head.remove_prefix(end + 2);
    }
    if (!disposed) return std::nullopt;
    return part;
}

} // namespace

multipart_upload::multipart_upload(std::string_view boundary, std::uint64_t content_length_bytes)
    : delimiter_("\r\n--" + std::string(boundary)), total_(content_length_bytes) {}

result<body_piece> multipart_upload::next(std::string_view bytes) {
    body_piece piece;
    if (bytes.size() > total_ - seen_) return refuse("The body is longer than its Content-Length.");
    while (piece.used < bytes.size() && state_ != state::complete) {
        const std::string_view rest = bytes.substr(piece.used);
        if (state_ == state::file || state_ == state::closing) {
            auto taken = state_ == state::file ? take_file(rest) : take_closing(rest);
            if (taken.has_error()) return taken;
            piece.used += taken->used;
            piece.data = taken->data;
            seen_ += taken->used;
            if (!piece.data.empty()) break;
            continue;
        }
        const auto used = state_ == state::input ? take_input(rest) : take_head_byte(rest);
        if (used.has_error()) return used.error();
        piece.used += *used;
        seen_ += *used;
        if (state_ == state::part_head && head_.ends_with("\r\n\r\n")) {
            const auto begun = part_begins();
            if (begun.has_error()) return begun.error();
            if (state_ >= state::file) break;
        }
    }
    if (seen_ == total_ && state_ != state::complete)
        return refuse("The multipart body ends before its closing delimiter.");
    return piece;
}

result<std::size_t> multipart_upload::take_head_byte(std::string_view bytes) {
    if (head_.size() == max_part_header_bytes) return refuse("The head of a part is longer than 2 KB.");
    head_.push_back(bytes.front());
    if (state_ == state::part_head) {
        if (head_ == "\r\n") return refuse("A part has no Content-Disposition.");
        return std::size_t{1};
    }
    // The first delimiter has no line break before it; a preamble is not taken.
    const std::string_view first = std::string_view{delimiter_}.substr(2);
    const std::size_t at = head_.size() - 1;
    const char expected = at < first.size() ? first[at] : (at == first.size() ? '\r' : '\n');
    if (head_[at] != expected)
        return refuse("The body does not begin with the boundary of its Content-Type.");
    if (head_.size() == first.size() + 2) {
        head_.clear();
        state_ = state::part_head;
    }
    return std::size_t{1};
}

result<void> multipart_upload::part_begins() {
    auto part = read_part_head(head_);
    head_.clear();
    if (!part) return refuse("The head of a part is not form-data with a name.");
    if (part->name == "input" && !have_input_) {
        have_input_ = true;
        state_ = state::input;
        return {};
    }
    if (part->name != "file_to_upload") {
        std::vector<field_fault> faults{
            {part->name.substr(0, 64), "the parts are input, then file_to_upload, each once"}};
        return failure{errc::invalid_input, "The form has a part that is not taken."}.fields(
            std::move(faults));
    }
    file_name_ = std::move(part->file_name);
    file_type_ = std::move(part->type);
    const std::uint64_t left = total_ - seen_;
    const std::uint64_t closing_bytes = delimiter_.size() + 2;
    closing_ = delimiter_ + "--";
    if (part->length_bytes) {
        // The part tells its size, so the body may end with or without a last line break.
        if (left == *part->length_bytes + closing_bytes + 2) closing_ += "\r\n";
        file_size_ = *part->length_bytes;
        if (left != file_size_ + closing_.size())
            return refuse("The part's Content-Length does not fit the body's.");
    } else {
        closing_ += "\r\n";
        if (left < closing_.size()) return refuse("The multipart body ends before its closing delimiter.");
        file_size_ = left - closing_.size();
    }
    return file_begins();
}

result<void> multipart_upload::file_begins() {
    file_left_ = file_size_;
    held_file_ = static_cast<std::size_t>(std::min<std::uint64_t>(file_size_, closing_.size()));
    held_.clear();
    state_ = file_left_ == held_file_ ? state::closing : state::file;
    matched_ = 0;
    return {};
}

result<std::size_t> multipart_upload::take_input(std::string_view bytes) {
    // Small and rare: byte by byte, and the delimiter is cut off when it is whole.
    std::size_t used = 0;
    while (used < bytes.size()) {
        input_.push_back(bytes[used++]);
        if (input_.size() > max_multipart_input_bytes + delimiter_.size() + 2)
            return failure{errc::too_large, "The part input is larger than 64 KiB."};
        const std::size_t whole = delimiter_.size() + 2;
        const bool at_line_end = input_.back() == '\n';
        if (!at_line_end || input_.size() < whole || !input_.ends_with("\r\n")) continue;
        if (input_.compare(input_.size() - whole, delimiter_.size(), delimiter_) != 0) continue;
        input_.resize(input_.size() - whole);
        state_ = state::part_head;
        break;
    }
    return used;
}

bool multipart_upload::holds_delimiter(std::string_view piece) {
    // The delimiter's CR stands only at its front, so a mismatch restarts there and nowhere else.
    std::size_t at = 0;
    while (at < piece.size()) {
        if (matched_ == 0) {
            const void* const found = std::memchr(piece.data() + at, '\r', piece.size() - at);
            if (found == nullptr) return false;
            at = static_cast<std::size_t>(static_cast<const char*>(found) - piece.data()) + 1;
            matched_ = 1;
            continue;
        }
        if (piece[at] == delimiter_[matched_]) {
            ++at;
            if (++matched_ == delimiter_.size()) return true;
        } else {
            matched_ = 0;
        }
    }
    return false;
}

result<body_piece> multipart_upload::take_file(std::string_view bytes) {
    const std::uint64_t free = file_left_ - held_file_; // may be handed out without having seen the end
    body_piece piece;
    piece.used = static_cast<std::size_t>(std::min<std::uint64_t>(free, bytes.size()));
    piece.data = bytes.substr(0, piece.used);
    file_left_ -= piece.used;
    if (holds_delimiter(piece.data))
        return refuse(
            "file_to_upload must be the last part, and its size what Content-Length leaves for it.");
    if (file_left_ == held_file_) state_ = state::closing;
    return piece;
}

result<body_piece> multipart_upload::take_closing(std::string_view bytes) {
    body_piece piece;
    piece.used = std::min(bytes.size(), held_file_ + closing_.size() - held_.size());
    held_.append(bytes.substr(0, piece.used));
    if (held_.size() < held_file_ + closing_.size()) return piece;
    const std::string_view held{held_};
    if (held.substr(held_file_) != closing_)
        return refuse(
            "The closing delimiter does not stand where Content-Length puts it; it must end with a line "
            "break.");
    if (holds_delimiter(held.substr(0, held_file_)))
        return refuse(
            "file_to_upload must be the last part, and its size what Content-Length leaves for it.");
    state_ = state::complete;
    piece.data = held.substr(0, held_file_);
    return piece;
}

} // namespace gateway::http
