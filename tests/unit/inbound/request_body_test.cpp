// The body of a request over a real socket: its end, 100 Continue, and how slow it may be.
#include "inbound/request_body.hpp"

#include "runtime/worker.hpp"
#include "unit/runtime/run_on.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace gateway::inbound {
namespace {

namespace asio = boost::asio;
using testing::run_on;
using testing::soon;

/// Both ends of a connection: the gateway's stream, and a blocking socket as the client.
class RequestBody : public ::testing::Test {
protected:
    worker home{0, milliseconds{5}};
    asio::ip::tcp::socket client{home.loop()};
    std::unique_ptr<stream> server;
    buffer received{80 * 1024};

    void SetUp() override {
        asio::ip::tcp::acceptor acceptor{home.loop(), {asio::ip::address_v4::loopback(), 0}};
        client.connect(acceptor.local_endpoint());
        tcp_socket accepted{home.executor()};
        acceptor.accept(accepted);
        server = std::make_unique<stream>(home, std::move(accepted));
    }

    void send(std::string_view bytes) { asio::write(client, asio::buffer(bytes.data(), bytes.size())); }
    /// Bytes as if received together with the head.
    void came_with_head(std::string_view bytes) {
        const auto space = received.prepare();
        std::copy(bytes.begin(), bytes.end(), space.begin());
        received.commit(bytes.size());
    }
    std::string client_sees() {
        std::string text(client.available(), '\0');
        client.read_some(asio::buffer(text.data(), text.size()));
        return text;
    }

    request_body body(http::body_frame frame, body_pace pace = {}, bool expect = false) {
        http::request_head head;
        head.body = frame;
        head.expect_continue = expect;
        return request_body{*server, received, head, UINT64_MAX, pace};
    }

    struct outcome {
        std::string text;
        std::string verdict; // "complete", or the code of the refusal
    };
    outcome read_all(request_body& from, std::size_t space_bytes = 1000) {
        return run_on(home, reading(from, space_bytes));
    }

private:
    static task<outcome> reading(request_body& from, std::size_t space_bytes) {
        std::string space(space_bytes, '\0');
        outcome out;
        while (true) {
            const auto got = co_await from.read_some(space, soon());
            if (!got) {
                out.verdict = facts(got.error().code()).name;
                co_return out;
            }
            if (*got == 0) break;
            out.text += space.substr(0, *got);
        }
        out.verdict = from.complete() ? "complete" : "more";
        co_return out;
    }
};

TEST_F(RequestBody, C15TakesItsLengthAndLeavesTheNextRequest) {
    came_with_head("hel");
    send("lo, wGET /next HTTP/1.1");
    auto one = body({http::framing::length, 8});
    const auto got = read_all(one);
    EXPECT_EQ(got.text, "hello, w");
    EXPECT_EQ(got.verdict, "complete");
    EXPECT_TRUE(received.empty()) << "what belongs to the next request was taken off the socket";
    came_with_head("xyGET /");
    auto two = body({http::framing::length, 2});
    EXPECT_EQ(read_all(two).text, "xy");
    EXPECT_EQ(received.bytes(), "GET /");
}

TEST_F(RequestBody, C15DecodesChunksAndLeavesTheNextRequest) {
    came_with_head("5\r\nhe");
    send("llo\r\n1\r\n!\r\n0\r\nHost: x\r\n\r\nGET /next");
    auto one = body({http::framing::chunked, 0});
    const auto got = read_all(one, 3);
    EXPECT_EQ(got.text, "hello!");
    EXPECT_EQ(got.verdict, "complete");
    EXPECT_EQ(received.bytes(), "GET /next");
}

TEST_F(RequestBody, M06EndsWithAFailureWhenTheClientGoesTooEarly) {
    send("abc");
    client.shutdown(asio::ip::tcp::socket::shutdown_send);
    auto one = body({http::framing::length, 5});
    const auto got = read_all(one);
    EXPECT_EQ(got.text, "abc");
    EXPECT_EQ(got.verdict, "malformed_request");
    EXPECT_EQ(read_all(one).verdict, "malformed_request") << "it stays broken";
}

TEST_F(RequestBody, C14AsksOnlyWhenSomebodyReads) {
    auto refused = body({http::framing::length, 5}, {}, true);
    EXPECT_TRUE(refused.unasked());
    EXPECT_FALSE(run_on(home, refused.discard(soon()))) << "what comes next is unknown";
    EXPECT_EQ(client.available(), 0U);
    auto wanted = body({http::framing::length, 5}, {}, true);
    send("hello");
    EXPECT_EQ(read_all(wanted).text, "hello");
    EXPECT_EQ(client_sees(), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_F(RequestBody, C18RefusesABodyBelowItsRateAfterTheGrace) {
    send("ab");
    const auto began = steady_now();
    auto one =
        body({http::framing::length, 1000}, {.bytes_per_second_min = 1000, .window = milliseconds{60}});
    const auto got = read_all(one);
    EXPECT_EQ(got.text, "ab");
    EXPECT_EQ(got.verdict, "request_timeout");
    EXPECT_GE(steady_now() - began, milliseconds{110}) << "the first window is grace";
}

TEST_F(RequestBody, DiscardsALittleAndNotALot) {
    send("0123456789GET /");
    auto little = body({http::framing::length, 10});
    EXPECT_TRUE(run_on(home, little.discard(soon())));
    auto large = body({http::framing::length, 1 << 20});
    EXPECT_FALSE(run_on(home, large.discard(soon())));
    auto broken = body({http::framing::chunked, 0});
    came_with_head("zz\r\n");
    EXPECT_FALSE(run_on(home, broken.discard(soon())));
}

} // namespace
} // namespace gateway::inbound
