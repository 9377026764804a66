#include "inbound/session.hpp"

#include "base/ids.hpp"
#include "http/response_writer.hpp"
#include "http/wire_text.hpp"
#include "inbound/answer_head.hpp"
#include "inbound/head_reader.hpp"
#include "inbound/request_body.hpp"
#include "pipeline/callers.hpp"
#include "pipeline/pipeline.hpp"
#include "runtime/tls_server.hpp"
#include "runtime/worker.hpp"
#include "telemetry/call_record.hpp"
#include "telemetry/recorder.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace gateway::inbound {
namespace {

constexpr milliseconds handshake_timeout{5'000}; // C21
constexpr milliseconds write_timeout{30'000};    // C19
constexpr milliseconds linger_timeout{1'000};    // a refused connection is gone within a second
constexpr milliseconds discard_timeout{1'000};
constexpr std::size_t buffer_bytes_max = http::max_header_bytes + 64 * 1024;
constexpr std::uint64_t unbounded_body = UINT64_MAX;

/// The key of `Authorization: Bearer KEY` or `x-api-key`; empty when neither is there or the scheme is
/// another.
std::string_view api_key_of(const http::request_head& head) {
    if (!head.api_key.empty()) return head.api_key;
    constexpr std::string_view scheme = "bearer ";
    const auto& value = head.authorization;
    if (value.size() <= scheme.size() || !http::same_word(value.substr(0, scheme.size()), scheme)) return {};
    return http::trimmed(value.substr(scheme.size()));
}

class session {
public:
    session(const api_parts& with, idle_line& idle, answer_marks& marks, tcp_socket socket)
        : with_(with),
          marks_(marks),
          stream_(with.home, std::move(socket)),
          received_(buffer_bytes_max),
          place_(idle, stream_) {}

    task<void> run() {
        if (with_.tls) {
            auto ssl = with_.tls->make();
            const auto until = deadline::in(steady_now(), handshake_timeout);
            const auto shaken = co_await stream_.handshake(std::move(ssl), tls_role::server, until);
            if (!shaken) co_return;
        }
        bool go_on = true;
        while (go_on)
            go_on = co_await serve_next();
        co_await stream_.finish(deadline::in(steady_now(), linger_timeout));
    }

private:
    task<bool> serve_next();
    task<bool> wait_for_request();
    task<pipeline::outcome> call(const http::request_head& head, request_body& body,
                                 telemetry::call_record& record, answer_facts& facts);
    task<bool> refuse(failure why, telemetry::call_record& record);
    task<bool> answer(const pipeline::outcome& what, telemetry::call_record& record, answer_facts& facts,
                      bool head_only);
    bool last_answer() const { return with_.state.now.load(std::memory_order_relaxed) != phase::serving; }

    const api_parts& with_;
    answer_marks& marks_;
    stream stream_;
    buffer received_;
    idle_line::place place_;
    pipeline::shown_key shown_key_;
    std::string head_out_;
    std::string allow_; // what facts.allow of the current answer refers to
    std::string body_out_;
};

/// False: the connection ended, or was idle for too long.
task<bool> session::wait_for_request() {
    if (!received_.empty()) co_return true; // pipelined
    received_.shrink();
    stream_.relax();
    place_.idle();
    const auto space = received_.prepare();
    const auto arrived =
        co_await stream_.read_some(space, deadline::in(steady_now(), with_.settings.idle_timeout));
    place_.busy();
    if (!arrived || *arrived == 0) co_return false;
    received_.commit(*arrived);
    co_return true;
}

void begin_record(telemetry::call_record& record, const http::request_head* head, ulid_source& ids) {
    record.began = steady_now();
    record.action = "NONE";
    record.verb = head ? http::name_of(head->method) : std::string_view{"NONE"};
    if (head && plain_request_id(head->request_id))
        record.request_id = head->request_id;
    else
        record.request_id = ids.next(wall_now());
    if (head) record.traceparent = head->traceparent;
}

task<bool> session::serve_next() {
    const bool another = co_await wait_for_request();
    if (!another) co_return false;
    telemetry::call_record record;
    const auto header_until = deadline::in(steady_now(), with_.settings.header_deadline);
    auto length = co_await fill_head(stream_, received_, header_until);
    if (!length) {
        begin_record(record, nullptr, marks_.request_ids);
        co_return co_await refuse(length.error(), record);
    }
    if (*length == 0) co_return false;

    // The head's texts are views: the block is copied, since reading a body moves the buffer.
    const std::string block(received_.bytes().substr(0, *length));
    auto judged = read_head(block);
    begin_record(record, judged ? &*judged : nullptr, marks_.request_ids);
    if (!judged) co_return co_await refuse(judged.error(), record);
    received_.consume(*length);

    const counted in_flight(with_.state.requests_in_flight);
    answer_facts facts;
    facts.http_1_0 = judged->minor_version == 0;
    body_pace pace;
    pace.bytes_per_second_min = with_.settings.body_bytes_per_second_min;
    request_body body(stream_, received_, *judged, unbounded_body, pace);
    const auto what = co_await call(*judged, body, record, facts);
    record.body_bytes_in = body.received_bytes();
    facts.keep_alive = judged->keep_alive && !last_answer();
    if (facts.keep_alive && !body.complete())
        facts.keep_alive = co_await body.discard(deadline::in(steady_now(), discard_timeout));
    co_return co_await answer(what, record, facts, judged->method == http::verb::head);
}

task<pipeline::outcome> session::call(const http::request_head& head, request_body& body,
                                      telemetry::call_record& record, answer_facts& facts) {
    if (with_.state.now.load(std::memory_order_relaxed) == phase::closed)
        co_return failure{errc::draining, "This replica is shutting down; another one serves."};
    if (with_.loopback_host_only && !loopback_host(head.host))
        co_return failure{errc::forbidden, "Without callers in the settings only a loopback Host is served."};
    if (head.method == http::verb::options) {
        auto verbs = with_.routes.allow(head.path);
        if (verbs.empty()) co_return failure{errc::no_such_route, "Nothing lives at this path."};
        allow_ = std::move(verbs);
        facts.allow = allow_;
        co_return actions::answer{actions::accepted{}};
    }
    const auto way = with_.routes.find(head.method, head.path);
    if (!way) co_return way.error();

    record.action = way->to->slug;
    if (head.method == http::verb::head && !way->to->head_runs) {
        actions::page nothing;
        co_return actions::answer{std::move(nothing)};
    }
    facts.writes = way->to->writes;
    pipeline::request request;
    request.what = way->to;
    request.user_id = way->user_id;
    request.publish_id = way->publish_id;
    request.file_id = way->file_id;
    request.asset = way->asset;
    request.query = head.query;
    request.api_key = api_key_of(head);
    request.shown_before = &shown_key_;
    request.idempotency_key = head.idempotency_key;
    request.has_idempotency_key = head.idempotency_key.data() != nullptr;
    request.content_type = head.content_type;
    request.content_digest = head.content_digest;
    request.signature = head.tiktok_signature;
    request.timeout_seconds = head.request_timeout;
    if (head.body.kind == http::framing::length) request.content_length = head.body.length_bytes;
    request.has_body = head.body.kind == http::framing::chunked
                       || (head.body.kind == http::framing::length && head.body.length_bytes > 0);
    request.body = &body;
    request.arrived = record.began;
    request.arrived_wall = wall_now();
    co_return co_await with_.calls.serve(request, record);
}

/// Answers what was not a request, and reads nothing more of this connection.
task<bool> session::refuse(failure why, telemetry::call_record& record) {
    received_.clear();
    answer_facts facts;
    facts.keep_alive = false;
    const pipeline::outcome what{std::move(why)};
    co_return co_await answer(what, record, facts, false);
}

task<bool> session::answer(const pipeline::outcome& what, telemetry::call_record& record, answer_facts& facts,
                           bool head_only) {
    head_out_.clear();
    body_out_.clear();
    facts.status = append_answer_body(body_out_, what, record.request_id);
    facts.body_bytes = body_out_.size();
    facts.date = marks_.dates.at(wall_now());
    append_answer_head(head_out_, what, record, facts);
    if (head_only) body_out_.clear();
    if (const auto* refused = std::get_if<failure>(&what)) {
        record.code = refused->code();
        if (refused->details()) record.refused_by = refused->details()->scope;
    }
    record.status = facts.status;
    const auto written =
        co_await stream_.write(head_out_, body_out_, deadline::in(steady_now(), write_timeout));
    with_.recorder.call_ended(record, steady_now(), wall_now());
    if (head_out_.capacity() > 16 * 1024) head_out_.shrink_to_fit();
    if (body_out_.capacity() > 64 * 1024) std::string().swap(body_out_);
    co_return written.has_value() && facts.keep_alive;
}

} // namespace

bool plain_request_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'
               || c == '_' || c == '.' || c == ':';
    });
}

bool loopback_host(std::string_view host) {
    if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
    const auto name = host.substr(0, host.find(':'));
    if (http::same_word(name, "localhost")) return true;
    return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

task<void> serve_connection(const api_parts& with, idle_line& idle, answer_marks& marks, tcp_socket socket) {
    const counted open(with.state.connections);
    session one(with, idle, marks, std::move(socket));
    co_await one.run();
}

} // namespace gateway::inbound
