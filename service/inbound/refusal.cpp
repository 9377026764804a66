#include "inbound/refusal.hpp"

#include "inbound/answer_writer.hpp"
#include "runtime/tls_server.hpp"
#include "runtime/worker.hpp"
#include "telemetry/call_record.hpp"
#include "telemetry/recorder.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <sys/socket.h>
#include <utility>

namespace gateway::inbound {
namespace {

constexpr milliseconds handshake_timeout{2'000};
constexpr milliseconds write_timeout{1'000};
constexpr milliseconds linger_timeout{1'000};
constexpr milliseconds try_again_after{1'000};

/// The whole answer, counted and logged as a call without a route.
std::string recorded_answer(const api_parts& with, session_cache& marks) {
    telemetry::call_record record;
    record.begin(steady_now(), coarse_wall_now());
    record.action = record.verb = "NONE";
    marks.request_ids.next(record.request_id, record.began_wall);
    const api::outcome what =
        failure{errc::overloaded, "Too many connections, and all of them are in use; try again soon."}
            .retry_after(try_again_after);
    request_buffers texts;
    write_answer(texts, what, record, answer_facts{}, marks);
    with.recorder.call_ended(record, steady_now(), record.ended_wall);
    return std::move(texts.answer);
}

} // namespace

task<void> refuse_connection(const api_parts& with, session_cache& marks, tcp_socket socket) {
    stream peer(with.home, std::move(socket));
    if (with.tls) {
        const auto until = deadline::in(steady_now(), handshake_timeout);
        const auto hello = co_await peer.receive_hello(until);
        if (!hello) co_return;
        auto ssl = with.tls->make();
        if (!ssl) co_return;
        const auto shaken = co_await peer.handshake(std::move(ssl), tls_role::server, until);
        if (!shaken) co_return;
    }
    const std::string answer = recorded_answer(with, marks);
    const auto written = co_await peer.write(answer, deadline::in(steady_now(), write_timeout));
    if (written) co_await peer.finish(deadline::in(steady_now(), linger_timeout));
}

void refuse_at_once(const api_parts& with, session_cache& marks, tcp_socket socket) {
    stream peer(with.home, std::move(socket));
    if (with.tls) return;
    const std::string answer = recorded_answer(with, marks);
    ::send(peer.socket().native_handle(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

} // namespace gateway::inbound
