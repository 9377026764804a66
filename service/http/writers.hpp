// Build the head of a request to TikTok or of an answer as one flat string, reused from message to message.
// Pure.
#pragma once
#include "base/clock.hpp"
#include "http/head_writer.hpp"
#include "http/verb.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace gateway::http {

class request_writer : public head_writer {
public:
    using head_writer::head_writer;

    /// Request line and Host. The target is `path`, `query` (which begins with `?`) and `rest`, of which all
    /// but the path may be empty; `port` includes its colon. Throws std::logic_error when target or host hold
    /// characters that are not allowed there.
    request_writer& start(verb method, std::string_view path, std::string_view query, std::string_view rest,
                          std::string_view host, std::string_view port);
};

/// The phrase of RFC 9110 §15; "Unknown" for a status that has none.
std::string_view reason_phrase(int status);
/// IMF-fixdate (RFC 9110 §5.6.7): Mon, 23 Nov 2026 16:18:36 GMT.
std::string http_date(wall_time t);

/// The same, formatted once a second and cached. Used by one thread.
class date_clock {
public:
    std::string_view at(wall_time now); // until the next call

private:
    std::chrono::sys_seconds shown_{};
    std::string text_;
};

/// Sent to a client that waits for it before it sends its body (Expect: 100-continue).
inline constexpr std::string_view continue_100 = "HTTP/1.1 100 Continue\r\n\r\n";

class response_writer : public head_writer {
public:
    using head_writer::head_writer;

    response_writer& start(int status);
};

} // namespace gateway::http
