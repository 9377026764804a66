#include "http/strict_gate.hpp"

#include "base/secret.hpp"
#include "http/api_key.hpp"
#include "http/field_lines.hpp"
#include "http/header_finder.hpp"
#include "http/request_target.hpp"
#include "http/wire_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace gateway::http {
namespace {

failure refuse(const char* what) {
    return failure{errc::malformed_request, what};
}

/// Fields that the gate reads: those about the connection and the body, and from `host` on those whose values
/// are stored in the head (`texts`). From request_id on, a repeated field is ignored.
enum class known : std::uint8_t {
    none,
    content_length,
    transfer_encoding,
    connection,
    expect,
    content_encoding,
    host,
    authorization,
    api_key,
    idempotency_key,
    content_type,
    content_digest,
    request_timeout,
    tiktok_signature,
    request_id,
    traceparent
};

constexpr std::string_view request_head::*texts[] = {&request_head::host,
                                                     &request_head::authorization,
                                                     &request_head::api_key,
                                                     &request_head::idempotency_key,
                                                     &request_head::content_type,
                                                     &request_head::content_digest,
                                                     &request_head::request_timeout,
                                                     &request_head::tiktok_signature,
                                                     &request_head::request_id,
                                                     &request_head::traceparent};

/// For a field of `texts` that must stand once and stands twice.
failure repeated(known which) {
    constexpr const char* names[] = {
        "Host",         "Authorization",  "x-api-key",         "Idempotency-Key",
        "Content-Type", "Content-Digest", "X-Request-Timeout", "TikTok-Signature"};
    const auto* const name = names[static_cast<std::size_t>(which) - static_cast<std::size_t>(known::host)];
    return failure{errc::malformed_request,
                   "The header field " + std::string(name) + " stands twice; send it once."};
}

/// `name` has been checked to be a token.
known known_field(std::string_view name) {
    const auto is = [name](const auto& word) { return is_token_named(name, word); };
    switch (name.size()) {
        case 4:
            return is("host") ? known::host : known::none;
        case 6:
            return is("expect") ? known::expect : known::none;
        case 9:
            return is("x-api-key") ? known::api_key : known::none;
        case 10:
            return is("connection") ? known::connection : known::none;
        case 11:
            return is("traceparent") ? known::traceparent : known::none;
        case 12:
            if (is("content-type")) return known::content_type;
            return is("x-request-id") ? known::request_id : known::none;
        case 13:
            return is("authorization") ? known::authorization : known::none;
        case 14:
            if (is("content-length")) return known::content_length;
            return is("content-digest") ? known::content_digest : known::none;
        case 15:
            return is("idempotency-key") ? known::idempotency_key : known::none;
        case 16:
            if (is("proxy-connection")) return known::connection; // Beast reads it as Connection, too
            if (is("content-encoding")) return known::content_encoding;
            return is("tiktok-signature") ? known::tiktok_signature : known::none;
        case 17:
            if (is("transfer-encoding")) return known::transfer_encoding;
            return is("x-request-timeout") ? known::request_timeout : known::none;
        default:
            return known::none;
    }
}

class request_head_validator {
public:
    explicit request_head_validator(std::string_view block) : block_(block) {}

    result<request_head> run() {
        auto step = request_line();
        if (step.has_value()) step = fields();
        if (step.has_value()) step = check_field_combinations();
        if (step.has_error()) return step.error();
        return head_;
    }

private:
    result<void> request_line() {
        std::size_t at = 0;
        while (at < block_.size() && is(token_byte, block_[at]))
            ++at;
        const std::string_view method = block_.substr(0, at);
        if (method.empty() || at >= block_.size() || block_[at] != ' ')
            return refuse("The request line is not METHOD TARGET HTTP/1.1.");
        const std::size_t target_start = ++at;
        while (at < block_.size() && is(target_byte, block_[at]))
            ++at;
        head_.target = block_.substr(target_start, at - target_start);
        if (head_.target.size() > max_target_bytes) return failure{errc::uri_too_long, target_too_long};
        if (at >= block_.size() || block_[at] == '\r' || block_[at] == '\n')
            return refuse("The request line is not METHOD TARGET HTTP/1.1.");
        if (block_[at] != ' ') return unescaped(block_[at]);
        const std::size_t end = block_.find('\r', ++at);
        if (end == std::string_view::npos || end + 1 >= block_.size() || block_[end + 1] != '\n')
            return refuse("The request line does not end with CR LF.");
        auto spoken = version(block_.substr(at, end - at));
        if (spoken.has_error()) return spoken;
        position_ = end + 2;

        head_.method = verb_of(method);
        if (head_.method == verb::unknown)
            return failure{errc::not_implemented, "This HTTP method is not known here."};
        if (head_.method == verb::trace || head_.method == verb::connect)
            return failure{errc::method_not_allowed, "TRACE and CONNECT are not served."}.allow(
                "GET, HEAD, POST, PUT, DELETE, OPTIONS");
        const auto target = parse_target(head_.method, head_.target);
        if (target.has_error()) return target.error();
        head_.path = target->path;
        head_.query = target->query;
        authority_ = target->authority;
        default_port_ = target->default_port;
        return {};
    }

    result<void> version(std::string_view text) {
        if (text == "HTTP/1.1") return {};
        if (text == "HTTP/1.0") {
            head_.minor_version = 0;
            return {};
        }
        const bool looks_right = text.size() == 8 && text.starts_with("HTTP/") && is(digit_byte, text[5])
                                 && text[6] == '.' && is(digit_byte, text[7]);
        if (looks_right) return failure{errc::http_version, "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
        return refuse("The request line is not METHOD TARGET HTTP/1.1.");
    }

    result<void> fields() {
        if (block_.size() > max_header_bytes)
            return failure{errc::headers_too_large, "The header fields are longer than 16 KB together."};
        field_lines lines{block_, position_, peer::caller};
        for (field_line line; lines.next(line);) {
            const known which = known_field(line.name);
            if (which == known::none) continue;
            if (auto taken = field(which, line.value); taken.has_error()) return taken;
        }
        return lines.end();
    }

    result<void> field(known which, std::string_view value) {
        const bool again = has(which);
        seen_ |= bit(which);
        if (which < known::host) return body_field(which, value);
        if (again) {
            if (which >= known::request_id) return {};
            return repeated(which);
        }
        head_.*texts[static_cast<std::size_t>(which) - static_cast<std::size_t>(known::host)] = value;
        return {};
    }

    result<void> body_field(known which, std::string_view value) {
        switch (which) {
            case known::content_length:
                if (!body_.add_length(value))
                    return refuse("Content-Length must be one decimal number, once.");
                break;
            case known::transfer_encoding:
                if (!body_.add_coding(value)) return refuse("Transfer-Encoding stands twice.");
                break;
            case known::connection:
                if (!connection_.add(value)) return refuse("Connection is not a list of words.");
                break;
            case known::expect:
                if (same_word(value, "100-continue"))
                    head_.expect_continue = true;
                else if (!value.empty())
                    expects_something_else_ = true;
                break;
            case known::content_encoding:
                encoded_ = encoded_ || !names_no_coding(value);
                break;
            default:
                break;
        }
        return {};
    }

    result<void> check_field_combinations() {
        auto named = host();
        if (named.has_error()) return named;
        auto framed = body();
        if (framed.has_error()) return framed;
        if (has(known::authorization) && has(known::api_key) && !hold_one_key())
            return refuse("Authorization and x-api-key do not hold the same key; one of them is enough.");
        if (expects_something_else_)
            return failure{errc::expectation_failed,
                           "The only expectation met here is 100-continue; leave Expect out."};
        if (encoded_)
            return failure{errc::unsupported_media_type,
                           "Bodies with a Content-Encoding are not taken; send the bytes as they are."};
        if (head_.minor_version == 0) head_.expect_continue = false; // RFC 9110 §10.1.1
        head_.keep_alive = connection_.persists(head_.minor_version);
        return {};
    }

    /// Generated clients fill every field that may hold the key. Two keys are refused, since it would depend
    /// on the order of looking which one counts.
    bool hold_one_key() const {
        const auto bearer = bearer_key(head_.authorization);
        return !bearer.empty() && equal_in_constant_time(bearer, head_.api_key);
    }

    result<void> host() {
        const bool absolute = !default_port_.empty();
        // Host is optional in HTTP/1.0, and health checks of load balancers omit it; if present, it must be
        // valid.
        if (head_.minor_version == 0 && !has(known::host)) {
            if (!absolute) return {};
            head_.host = authority_;
        }
        if (!is_host(head_.host)) return refuse("The request needs one proper Host.");
        if (absolute && !same_authority(authority_, head_.host, default_port_))
            return refuse("The URL in the request line names another host than Host.");
        return {};
    }

    result<void> body() {
        if (body_.has_coding()) {
            if (body_.has_length()) return refuse("Content-Length and Transfer-Encoding stand together.");
            if (body_.is_known_but_unsupported())
                return failure{errc::not_implemented,
                               "Of transfer codings only chunked is implemented here."};
            if (!body_.is_chunked())
                return refuse("Transfer-Encoding must be chunked, once, and nothing else.");
            if (head_.minor_version == 0) return refuse("HTTP/1.0 has no Transfer-Encoding.");
            head_.body.kind = framing::chunked;
        } else if (body_.has_length()) {
            head_.body = {framing::length, body_.length_bytes()};
        }
        return {};
    }

    static std::uint32_t bit(known which) { return std::uint32_t{1} << static_cast<unsigned>(which); }
    bool has(known which) const { return (seen_ & bit(which)) != 0; }

    std::string_view block_;
    std::size_t position_ = 0;
    request_head head_;
    std::string_view authority_, default_port_; // of a target in absolute form
    std::uint32_t seen_ = 0;
    connection_options connection_;
    body_fields body_;
    bool expects_something_else_ = false;
    bool encoded_ = false;
};

} // namespace

result<request_head> validate_head(std::string_view block) {
    return request_head_validator{block}.run();
}

std::string_view find_field(std::string_view accepted_block, std::string_view lower_case_name) {
    const std::size_t first = accepted_block.find("\r\n");
    if (first == std::string_view::npos) return {};
    field_lines lines{accepted_block, first + 2, peer::caller};
    for (field_line line; lines.next(line);)
        if (same_word(line.name, lower_case_name)) return line.value;
    return {};
}

} // namespace gateway::http
