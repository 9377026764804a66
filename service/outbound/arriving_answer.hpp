// One answer while it arrives on a connection. It parses the bytes received so far; the caller reads the
// missing ones into room() while wants_more() is true, so that an answer needs no coroutine of its own:
//
//     arriving_answer answer(on);
//     while (answer.wants_more()) {
//         const auto got = co_await on.wire().read_some(answer.room(), until);
//         answer.took(got);
//     }
//     … answer.out()
//
// Lives in the frame of the reading coroutine, no longer than the connection.
#pragma once
#include "http/body_framing.hpp"
#include "http/header_finder.hpp"
#include "outbound/client.hpp"
#include "outbound/connection.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace gateway::http {
struct response_head;
}

namespace gateway::outbound {

class arriving_answer {
public:
    explicit arriving_answer(connection& on) : on_(on) {}
    arriving_answer(const arriving_answer&) = delete;
    arriving_answer& operator=(const arriving_answer&) = delete;

    /// False: out() gives the answer or the failure.
    bool wants_more();
    /// Only while wants_more() is true.
    std::span<char> room() const { return room_; }
    void took(const io_result<std::size_t>& got);
    /// Call if the request could not be sent or its answer could not be read.
    void failed(boost::system::error_code ec) { end_with(on_.failed(ec)); }
    /// The final answer to the request; informational ones are skipped. Failures as of client. Once.
    result<reply> out();

private:
    enum class part { head, body_of_length, chunks, until_close, end };

    bool end_with(failure why);
    bool look();
    bool look_at_head();
    bool begin_body(const http::response_head& head, std::string_view block);
    bool look_at_chunks();
    bool take_all();
    bool finished();

    connection& on_;
    http::header_finder finder_{http::peer::tiktok};
    int interim_ = 0;
    part now_ = part::head;
    bool keep_alive_ = false;
    std::size_t have_ =
        0; // bytes of answer_.bytes in use; it has its full size while a body of known length arrives
    std::span<char> room_; // for the next read
    std::optional<http::body_framing> framing_;
    reply answer_;
    std::optional<failure> wrong_;
};

} // namespace gateway::outbound
