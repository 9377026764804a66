#include "inbound/admin_listener.hpp"

#include "base/json/values.hpp"
#include "http/verb.hpp"
#include "http/writers.hpp"
#include "inbound/listener_state.hpp"
#include "inbound/receive_head.hpp"
#include "runtime/buffer.hpp"
#include "runtime/parse_head.hpp"
#include "runtime/task_group.hpp"
#include "runtime/worker.hpp"

#include <utility>

namespace gateway::inbound {
namespace {

constexpr milliseconds request_timeout{10'000};
constexpr milliseconds idle_timeout{60'000};

struct page {
    int status = 200;
    std::string_view content_type = "application/json";
    std::string body;
};

page readiness(const std::vector<std::string>& reasons) {
    const boost::json::object body{{"ready", reasons.empty()}, {"reasons", json_list(reasons)}};
    return {reasons.empty() ? 200 : 503, "application/json", serialize_json(body) + "\n"};
}

page answer_to(const admin_parts& with, const http::request_head& head) {
    const bool reads = head.method == http::verb::get || head.method == http::verb::head;
    if (!reads) return {405, "application/json", "{\"error\":\"only GET and HEAD are answered here\"}\n"};
    if (head.path == "/healthz") return {200, "application/json", "{\"healthy\":true}\n"};
    if (head.path == "/readyz") return readiness(with.not_ready());
    if (head.path == "/metrics") return {200, "text/plain; version=0.0.4; charset=utf-8", with.metrics()};
    return {404, "application/json", "{\"error\":\"/metrics, /healthz and /readyz are here\"}\n"};
}

task<void> serve_admin(const admin_parts& with, connection_queue& line, tcp_socket socket,
                       std::atomic<std::uint32_t>& count) {
    const counted open(count);
    stream peer(with.home, std::move(socket));
    connection_queue::place place(line, peer);
    auto waits_for = connection_queue::wait::rest_of_head;
    buffer received(http::max_header_bytes + 1024);
    bool keep_alive = true;
    while (keep_alive) {
        place.waits(waits_for);
        const auto until = deadline::in(steady_now(), idle_timeout);
        const auto length = co_await receive_head(peer, received, place, until);
        if (!length || *length == 0) break;
        waits_for = connection_queue::wait::next_request;
        const std::string block(received.bytes().substr(0, *length));
        const auto head = parse_request_head(block);
        received.consume(*length);
        page out{400, "application/json", "{\"error\":\"not a request this server understands\"}\n"};
        if (head) out = answer_to(with, *head);
        keep_alive = head && head->keep_alive && head->body.kind == http::framing::none && out.status != 405;
        std::string text;
        http::response_writer writer(text);
        writer.start(out.status);
        writer.field("Content-Type", out.content_type).field("Cache-Control", "no-store");
        writer.content_length(out.body.size());
        if (out.status == 405) writer.field("Allow", "GET, HEAD");
        if (!keep_alive) writer.field("Connection", "close");
        writer.end();
        if (!head || head->method != http::verb::head) text += out.body;
        place.waits(connection_queue::wait::slow_reader);
        const auto written = co_await peer.write(text, deadline::in(steady_now(), request_timeout));
        if (!written) co_return;
    }
    if (place.evicted()) co_return;
    place.waits(connection_queue::wait::end_of_peer);
    co_await peer.finish(deadline::in(steady_now(), milliseconds{1'000}));
}

} // namespace

admin_listener::admin_listener(admin_parts with, const std::string& address, std::uint16_t port)
    : acceptor(with.home, with.listeners, address, port, port_use::alone), with_(std::move(with)) {}

void admin_listener::take(tcp_socket socket) {
    // A probe must always be accepted, so the oldest unused connection is evicted.
    if (connections_.load(std::memory_order_relaxed) >= with_.connections_max) idle_.evict_oldest();
    home_.group().spawn(serve_admin(with_, idle_, std::move(socket), connections_));
}

} // namespace gateway::inbound
