#include "wire/fetch.hpp"

#include "rules/urls.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <memory>

namespace gateway::simulator {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

/// Resets a stream that sends nothing for too long. It may run while the fetch is ending, so it holds a weak
/// pointer to the stream.
class silence_guard {
public:
    silence_guard(const asio::any_io_executor& executor, std::chrono::milliseconds most)
        : timer_(executor), most_(most) {}

    void watch(const std::shared_ptr<stream>& bytes) {
        timer_.expires_after(most_);
        const std::weak_ptr<stream> watched = bytes;
        const auto fire = [watched](const boost::system::error_code& problem) {
            const auto still = problem ? nullptr : watched.lock();
            if (still) still->reset();
        };
        timer_.async_wait(fire);
    }

private:
    asio::steady_timer timer_;
    std::chrono::milliseconds most_;
};

std::optional<tcp::endpoint> address_of(const fetch_settings& how, const url_parts& url) {
    const auto named = how.resolve.find(url.host);
    if (named != how.resolve.end()) return tcp::endpoint(asio::ip::address_v4::loopback(), named->second);
    if (url.host == "localhost" || url.host == "127.0.0.1") {
        return tcp::endpoint(asio::ip::address_v4::loopback(), url.port);
    }
    return std::nullopt;
}

std::unique_ptr<asio::ssl::context> client_tls(const fetch_settings& how) {
    auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    boost::system::error_code ignored; // an unreadable file adds no authority, so the handshake fails
    tls->add_certificate_authority(asio::buffer(how.authority_pem), ignored);
    if (!how.extra_ca_file.empty()) tls->load_verify_file(how.extra_ca_file, ignored);
    return tls;
}

std::string request_text(const std::string& method, const url_parts& url, const header_list& headers,
                         const std::string& body) {
    const bool usual_port = url.port == (url.https ? 443 : 80);
    std::string text = method + " " + url.target + " HTTP/1.1\r\nHost: " + url.host
                       + (usual_port ? "" : ":" + std::to_string(url.port)) + "\r\nConnection: close\r\n";
    for (const auto& [name, value] : headers) {
        text.append(name).append(": ").append(value).append("\r\n");
    }
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    return text + "\r\n" + body;
}

struct conversation {
    std::shared_ptr<stream> bytes;
    silence_guard guard;
    std::string in;
    http::response_parser<http::buffer_body> parser;
};

/// Reads more; at the end of the stream the parser is notified, which may complete the answer.
asio::awaitable<bool> read_more(conversation& talk) {
    char room[64 * 1024];
    talk.guard.watch(talk.bytes);
    const std::size_t came = co_await talk.bytes->read_some(room, sizeof room);
    if (came == 0) {
        boost::system::error_code problem;
        if (talk.parser.got_some()) talk.parser.put_eof(problem); // not allowed before an answer has begun
        co_return false;
    }
    talk.in.append(room, came);
    co_return true;
}

asio::awaitable<std::optional<int>> read_answer(conversation& talk, const piece_handler& on_piece) {
    auto& parser = talk.parser;
    parser.body_limit(boost::none);
    std::string piece(64 * 1024, '\0');
    for (;;) {
        boost::system::error_code problem;
        if (!talk.in.empty()) {
            parser.get().body().data = piece.data();
            parser.get().body().size = piece.size();
            talk.in.erase(0, parser.put(asio::buffer(talk.in), problem));
            const std::size_t used = parser.is_header_done() ? piece.size() - parser.get().body().size : 0;
            if (problem == http::error::need_buffer) problem = {};
            if (problem && problem != http::error::need_more) co_return std::nullopt;
            if (used > 0) {
                const bool wanted = co_await on_piece(std::string_view(piece.data(), used));
                if (!wanted) co_return std::nullopt;
            }
        }
        if (parser.is_done()) co_return parser.get().result_int();
        if (!talk.in.empty() && !problem) continue;
        const bool more = co_await read_more(talk);
        if (!more) {
            if (parser.is_done()) co_return parser.get().result_int();
            co_return std::nullopt;
        }
    }
}

} // namespace

asio::awaitable<std::optional<int>> fetch(fetch_settings how, std::string method, std::string url,
                                          header_list headers, std::string body,
                                          const piece_handler& on_piece) {
    const auto parts = split_url(url);
    const auto where = parts ? address_of(how, *parts) : std::nullopt;
    if (!where) co_return std::nullopt;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    tcp::socket socket(executor);
    auto [problem] = co_await socket.async_connect(*where, asio::as_tuple(asio::use_awaitable));
    if (problem) co_return std::nullopt;
    const std::unique_ptr<asio::ssl::context> tls = parts->https ? client_tls(how) : nullptr;
    std::shared_ptr<stream> bytes = make_stream(std::move(socket), tls.get());
    conversation talk{bytes, silence_guard(executor, how.wait_most), {}, {}};
    talk.guard.watch(bytes);
    const bool ready = co_await bytes->connect(parts->host);
    if (!ready) co_return std::nullopt;
    const std::string text = request_text(method, *parts, headers, body);
    const bool sent = co_await bytes->write(text);
    if (!sent) co_return std::nullopt;
    const std::optional<int> status = co_await read_answer(talk, on_piece);
    co_return status;
}

} // namespace gateway::simulator
