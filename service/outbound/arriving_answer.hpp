// One answer while it arrives on a connection: what is here is looked at, and what is missing is read into
// its place. Whoever waits for it reads into room() as long as it wants more, so that an answer costs no
// coroutine of its own:
//
//     arriving_answer answer(on);
//     while (answer.wants_more()) {
//         const auto got = co_await on.wire().read_some(answer.room(), until);
//         answer.took(got);
//     }
//     … answer.out()
//
// Lives in the frame of who reads, no longer than the connection.
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

    /// False: out() is the answer, or why there is none.
    bool wants_more();
    /// Only while it wants more.
    std::span<char> room() const { return room_; }
    void took(const io_result<std::size_t>& got);
    /// The request could not be sent, or its answer not be read.
    void failed(boost::system::error_code ec);
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
    std::size_t have_ = 0; // of answer_.bytes, which has its full size while a body of known length arrives
    std::span<char> room_; // for the next read
    std::optional<http::body_framing> framing_;
    reply answer_;
    std::optional<failure> wrong_;
};

} // namespace gateway::outbound
