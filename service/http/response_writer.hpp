// Builds the head of an answer as one flat string, reused from answer to answer. Pure.
#pragma once
#include "base/clock.hpp"
#include "http/head_writer.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace gateway::http {

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
