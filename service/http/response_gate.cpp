#include "http/field_lines.hpp"
#include "http/strict_gate.hpp"
#include "http/wire_text.hpp"

#include <algorithm>

namespace gateway::http {
namespace {

failure refuse(const char* what) {
    return blame(peer::tiktok, errc::malformed_request, what);
}

class response_head_validator {
public:
    explicit response_head_validator(std::string_view block) : block_(block) {}

    result<response_head> run() {
        auto step = status_line();
        if (step.has_value()) step = fields();
        if (step.has_value()) step = body();
        if (step.has_error()) return step.error();
        head_.keep_alive = connection_.persists(head_.minor_version);
        return head_;
    }

private:
    result<void> status_line() {
        // HTTP/1.1 200 OK; the reason may be empty, but the blank before it is required (RFC 9112 §4).
        const std::size_t end = block_.find('\r');
        if (end == std::string_view::npos || end < 13 || end + 1 >= block_.size() || block_[end + 1] != '\n')
            return refuse("the status line is cut short.");
        const std::string_view line = block_.substr(0, end);
        const bool shaped = (line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 "))
                            && all(digit_byte, line.substr(9, 3)) && line[12] == ' '
                            && std::all_of(line.begin() + 13, line.end(), is_value_byte_or_tab);
        if (!shaped) return refuse("the status line is not HTTP/1.1.");
        head_.minor_version = line[7] - '0';
        head_.status = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
        if (head_.status < 100 || head_.status > 599) return refuse("the status is out of range.");
        if (head_.status == 101) return refuse("it changes to a protocol nobody asked for.");
        position_ = end + 2;
        return {};
    }

    result<void> fields() {
        if (block_.size() > max_answer_header_bytes)
            return refuse("its header fields are longer than 64 KB.");
        field_lines lines{block_, position_, peer::tiktok};
        for (field_line line; lines.next(line);)
            if (auto taken = field(line); taken.has_error()) return taken;
        return lines.end();
    }

    result<void> field(const field_line& line) {
        if (std::string_view* const target = place(line.name)) {
            if (target->empty())
                *target = line.value; // the first one counts; these fields do not affect framing
        } else if (is_token_named(line.name, "content-length")) {
            if (!body_.add_length(line.value)) return refuse("its Content-Length is not one decimal number.");
        } else if (is_token_named(line.name, "transfer-encoding")) {
            if (!body_.add_coding(line.value)) return refuse("Transfer-Encoding stands twice.");
        } else if (is_token_named(line.name, "connection")) {
            if (!connection_.add(line.value)) return refuse("its Connection is not a list of words.");
        } else if (is_token_named(line.name, "content-encoding")) {
            encoded_ = encoded_ || !names_no_coding(line.value);
        }
        return {};
    }

    result<void> body() {
        if (body_.has_coding() && body_.has_length())
            return refuse("Content-Length and Transfer-Encoding stand together.");
        if (body_.has_coding() && (!body_.is_chunked() || head_.minor_version == 0))
            return refuse("its transfer coding is not chunked.");
        if (encoded_) return refuse("its body is compressed, which nobody asked for.");
        const bool bodyless = head_.informational() || head_.status == 204 || head_.status == 304;
        if (bodyless) return {};
        if (body_.has_coding())
            head_.body.kind = framing::chunked;
        else if (body_.has_length())
            head_.body = {framing::length, body_.length_bytes()};
        else
            head_.body.kind = framing::until_close;
        return {};
    }

    std::string_view* place(std::string_view name) {
        if (is_token_named(name, "x-tt-logid")) return &head_.log_id;
        if (is_token_named(name, "retry-after")) return &head_.retry_after;
        return is_token_named(name, "content-range") ? &head_.content_range : nullptr;
    }

    std::string_view block_;
    std::size_t position_ = 0;
    response_head head_;
    connection_options connection_;
    body_fields body_;
    bool encoded_ = false;
};

} // namespace

result<response_head> validate_response_head(std::string_view block) {
    return response_head_validator{block}.run();
}

} // namespace gateway::http
