#include "inbound/session.hpp"

#include "api/assets.hpp"
#include "http/api_key.hpp"
#include "http/header_finder.hpp"
#include "http/wire_text.hpp"
#include "inbound/answer_writer.hpp"
#include "inbound/live_writer.hpp"
#include "inbound/other_sites.hpp"
#include "inbound/receive_head.hpp"
#include "inbound/request_body.hpp"
#include "inbound/shown_path.hpp"
#include "limits/address_limiter.hpp"
#include "pipeline/caller_book.hpp"
#include "pipeline/pipeline.hpp"
#include "runtime/client_hello.hpp"
#include "runtime/parse_head.hpp"
#include "runtime/stream_steps.hpp"
#include "runtime/tls_server.hpp"
#include "runtime/worker.hpp"
#include "telemetry/call_record.hpp"
#include "telemetry/recorder.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <optional>
#include <utility>
#include <variant>

namespace gateway::inbound {
namespace {

constexpr milliseconds handshake_timeout{5'000}; // C21
constexpr milliseconds write_timeout{30'000};    // C19
// A TLS connection that asks again within this time keeps its buffers: taking and wiping them costs more
// than a tenth of a request.
constexpr milliseconds quiet_after{50};
constexpr milliseconds linger_timeout{1'000}; // a refused connection closes within a second
constexpr milliseconds discard_timeout{1'000};
constexpr std::size_t buffer_bytes_max = http::max_header_bytes + 64 * 1024;
constexpr std::uint64_t unbounded_body = UINT64_MAX;
constexpr std::string_view callback_path = "/oauth/callback";

deadline from_now(milliseconds wait) {
    return deadline::in(steady_now(), wait);
}

/// A request that is being served.
struct served_request {
    served_request(stream& from, buffer& received, const http::request_head& head, body_pace pace)
        : body(from, received, head, unbounded_body, pace) {}

    request_body body;
    pipeline::request request;
};

/// What the one coroutine of a connection does now. Only one thing at a time, so these share their memory:
/// thousands of calls wait in it. What is over is replaced at once, because its deadline ends with it.
using current_step = std::variant<std::monostate, stream_reading, served_request, stream_writing>;

class session final : pipeline::client_address {
public:
    session(const api_parts& with, connection_queue& idle, handshake_turns& turns, session_cache& marks,
            tcp_socket socket)
        : with_(with),
          turns_(turns),
          marks_(marks),
          stream_(with.home, std::move(socket)),
          received_(buffer_bytes_max),
          place_(idle, stream_),
          live_(stream_, place_, record_, marks) {}

    task<void> run();

private:
    task<bool> begin_tls();
    task<void> refuse_plain_text();
    void rest();
    task<io_result<std::size_t>> read_without_buffers(deadline until);
    void release_before_wait();
    void begin_writing();
    std::optional<failure> take_head(const result<std::size_t>& length);
    void begin_record(const http::request_head* head);
    /// An answer that needs no pipeline; otherwise fills `request` for it.
    std::optional<api::outcome> answer_at_the_door(request_body& body, pipeline::request& request,
                                                   answer_facts& facts);
    std::optional<failure> refuse_without_key() const;
    void answered();
    std::uint64_t network() const override;
    void note_peer();
    bool last_answer() const { return with_.state.now.load(std::memory_order_relaxed) != phase::serving; }

    const api_parts& with_;
    handshake_turns& turns_;
    session_cache& marks_;
    stream stream_;
    buffer received_;
    connection_queue::place place_;
    bool answered_before_ = false;
    std::string peer_; // the client's address; without a port it mostly needs no memory of its own
    pipeline::cached_api_key shown_key_;
    route way_; // of the current request
    // Reused from request to request, so that their memory is, too.
    telemetry::call_record record_;
    std::unique_ptr<request_buffers> texts_; // of the current request
    live_writer live_;
    http::request_head head_; // its texts are views into the block
    std::string allow_;       // the text that facts.allow refers to
};

std::uint64_t session::network() const {
    boost::system::error_code gone;
    const auto address = stream_.socket().remote_endpoint(gone).address();
    if (gone) return limits::network_of({}); // the client has left, so the answer cannot be sent
    const auto number_of = [](const auto& bytes) {
        return limits::network_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    };
    return address.is_v4() ? number_of(address.to_v4().to_bytes()) : number_of(address.to_v6().to_bytes());
}

/// Once for all requests of the connection.
void session::note_peer() {
    boost::system::error_code gone;
    const auto address = stream_.socket().remote_endpoint(gone).address();
    if (!gone) peer_ = address.to_string();
}

/// Frees what an idle connection does not need. Over TLS read_without_buffers() frees the rest a little
/// later.
void session::rest() {
    received_.shrink();
    stream_.relax();
    place_.waits(answered_before_ ? connection_queue::wait::next_request
                                  : connection_queue::wait::first_request);
}

/// For a TLS connection that is quiet. What then begins to come is a head that has begun, also where only a
/// part of a record has come: it has to be whole soon, and makes room before those that are idle.
task<io_result<std::size_t>> session::read_without_buffers(deadline until) {
    if (place_.evicted()) co_return make_error_code(stream_errc::closed);
    received_.release();
    const auto ready = co_await stream_.wait_for_input(until);
    if (!ready) co_return ready.error();
    place_.waits(connection_queue::wait::rest_of_head);
    const auto soon = from_now(with_.settings.header_deadline);
    co_return co_await stream_.read_some(received_.prepare(), soon);
}

/// Thousands may wait for news of posts, and none of them needs the memory that its request came in.
void session::release_before_wait() {
    const auto& row = *way_.to;
    const bool may_wait = api::may_wait_long(row) && (row.waits_for.empty() || !head_.query.empty());
    if (may_wait && received_.empty()) received_.release();
}

/// A client that reads slowly, or not at all, may have to make room: the call is over, and so is its place
/// among the calls in flight.
void session::begin_writing() {
    using kind = connection_queue::wait;
    place_.writes(record_.caller.empty() ? kind::slow_reader : kind::slow_caller,
                  texts_->held_bytes() + received_.capacity_bytes());
}

void session::begin_record(const http::request_head* head) {
    record_.begin(steady_now(), coarse_wall_now());
    record_.action = "NONE";
    record_.peer = peer_;
    record_.verb = head ? http::name_of(head->method) : std::string_view{"NONE"};
    if (head && plain_request_id(head->request_id))
        record_.request_id = head->request_id;
    else
        marks_.request_ids.next(record_.request_id, record_.began_wall);
    if (head) record_.traceparent = head->traceparent;
}

/// Reads the head of the next request with the gate; or gives the failure after which the connection ends.
std::optional<failure> session::take_head(const result<std::size_t>& length) {
    std::optional<failure> wrong;
    texts_ = marks_.texts.take();
    if (length) {
        texts_->block.assign(
            received_.bytes().substr(0, *length)); // copied, because reading a body moves the buffer's bytes
        if (auto judged = parse_request_head(texts_->block)) {
            head_ = *judged;
            received_.consume(*length);
        } else {
            wrong = judged.error();
        }
    } else {
        wrong = length.error();
    }
    begin_record(wrong ? nullptr : &head_);
    if (wrong) received_.clear();
    return wrong;
}

/// `false`: there is nobody to serve.
task<bool> session::begin_tls() {
    place_.waits(connection_queue::wait::rest_of_head);
    const auto until = from_now(handshake_timeout);
    const auto hello = co_await stream_.receive_hello(until);
    if (!hello) {
        if (hello.error() == stream_errc::plain_text) co_await refuse_plain_text();
        co_return false;
    }
    using price = handshake_turns::price;
    const auto asked = may_ask_for_p384(*hello) ? price::costly : price::usual;
    const bool may_begin = co_await turns_.take(place_, asked, until);
    if (!may_begin) co_return false;
    auto ssl = with_.tls->make();
    if (!ssl) co_return false;
    const auto shaken = co_await stream_.handshake(std::move(ssl), tls_role::server, until);
    co_return shaken.has_value() && !place_.evicted();
}

/// A plain HTTP request came to the TLS port. Its sender reads no TLS, so the answer is plain, too.
task<void> session::refuse_plain_text() {
    texts_ = marks_.texts.take();
    begin_record(nullptr);
    const api::outcome what =
        failure{errc::malformed_request, "This port speaks TLS, and a plain HTTP request came; use https."};
    write_answer(*texts_, what, record_, answer_facts{}, marks_);
    begin_writing();
    const auto sent = co_await stream_.write(texts_->answer, from_now(write_timeout));
    answered();
    if (!sent || place_.evicted()) co_return;
    place_.waits(connection_queue::wait::end_of_peer);
    co_await stream_.finish(from_now(linger_timeout));
}

/// One coroutine for all requests of a connection, so that its frame is reused.
task<void> session::run() {
    note_peer();
    if (with_.tls) {
        const bool begun = co_await begin_tls();
        if (!begun) co_return;
    }
    body_pace pace;
    pace.bytes_per_second_min = with_.settings.body_bytes_per_second_min;
    current_step step;
    for (bool go_on = true; go_on;) {
        if (received_.empty()) { // else the next request arrived with the last one
            rest();
            const auto until = deadline::in(coarse_steady_now(), with_.settings.idle_timeout);
            const auto quiet = with_.tls ? deadline::in(coarse_steady_now(), quiet_after) : until;
            auto& reading =
                step.emplace<stream_reading>(stream_, received_.prepare(), until.no_later_than(quiet));
            auto arrived = co_await reading;
            step.emplace<std::monostate>();
            if (with_.tls && !arrived && arrived.error() == stream_errc::timed_out)
                arrived = co_await read_without_buffers(until);
            place_.busy();
            if (!arrived || *arrived == 0) break;
            received_.commit(*arrived);
        }
        auto length = http::find_header_end(received_.bytes());
        if (length && *length == 0) {
            place_.waits(connection_queue::wait::rest_of_head);
            const auto until = from_now(with_.settings.header_deadline);
            length = co_await receive_head(stream_, received_, place_, until);
            place_.busy();
            if (length && *length == 0) break;
        }
        const counted in_flight(with_.state.requests_in_flight.of(with_.home.index()));
        answer_facts facts;
        std::optional<api::outcome> what = take_head(length);
        if (!what) {
            facts.http_1_0 = head_.minor_version == 0;
            auto& [body, request] = step.emplace<served_request>(stream_, received_, head_, pace);
            facts.keep_alive = head_.keep_alive && !last_answer();
            what = answer_at_the_door(body, request, facts);
            if (!what) {
                release_before_wait();
                co_await with_.calls.serve(request, record_, what.emplace());
            }
            record_.body_bytes_in = body.received_bytes();
            facts.keep_alive = head_.keep_alive && !last_answer() && !place_.evicted();
            if (facts.keep_alive && !body.complete())
                facts.keep_alive = co_await body.discard(from_now(discard_timeout));
        }
        if (live_.begun()) {
            go_on = co_await live_.finish(*what) && facts.keep_alive;
            answered();
            continue;
        }
        write_answer(*texts_, *what, record_, facts, marks_);
        const auto until = deadline::in(coarse_steady_now(), write_timeout);
        auto& writing = step.emplace<stream_writing>(stream_, texts_->answer, texts_->fixed, until);
        begin_writing();
        const auto unsent = co_await writing;
        step.emplace<std::monostate>();
        place_.busy();
        answered();
        go_on = !unsent && facts.keep_alive && !place_.evicted();
    }
    if (place_.evicted()) co_return stream_.close();
    place_.waits(connection_queue::wait::end_of_peer);
    co_await stream_.finish(from_now(linger_timeout));
}

/// While no callers are configured: what a page in a browser could have sent is refused.
std::optional<failure> session::refuse_without_key() const {
    if (!loopback_host(head_.host))
        return failure{errc::forbidden,
                       "Without callers in the settings only a loopback Host is served, as 127.0.0.1; add "
                       "`callers` for others."};
    // TikTok's login page sends the browser there, and the state in the query is its key.
    if (head_.path == callback_path) return std::nullopt;
    const own_address here{head_.host, with_.tls != nullptr, with_.public_url};
    const auto same_site = refuse_other_sites(texts_->block, here);
    return same_site ? std::nullopt : std::optional(same_site.error());
}

std::optional<api::outcome> session::answer_at_the_door(request_body& body, pipeline::request& request,
                                                        answer_facts& facts) {
    const auto& head = head_;
    live_.reset(*texts_, facts, texts_->block);
    // Its request came as it was chosen, and another client has its place: calls in flight stay in the bound.
    if (place_.evicted())
        return failure{errc::overloaded, "Too many connections, and all of them are in use; try again soon."}
            .retry_after(milliseconds{1'000});
    if (with_.state.now.load(std::memory_order_relaxed) == phase::closed
        && !place_.came_before_the_end(!answered_before_, record_.began))
        return failure{errc::draining, "This replica is shutting down; another one serves."};
    if (with_.loopback_host_only)
        if (auto why = refuse_without_key()) return std::move(*why);
    if (head.method == http::verb::options) {
        allow_ = with_.routes.allow(head.path);
        if (allow_.empty()) return failure{errc::no_such_route, api::no_such_route_sentence};
        facts.allow = allow_;
        return api::answer{api::accepted{}};
    }
    if (const auto found = with_.routes.find(head.method, head.path, way_); !found) {
        record_.path = shown_path(head.path);
        return found.error();
    }

    record_.action = way_.to->slug;
    if (head.method == http::verb::head && !way_.to->head_runs) return api::answer{api::page{}};
    facts.writes = way_.to->writes;
    request.names = &texts_->names;
    request.live = &live_;
    request.what = way_.to;
    request.path = &way_.path;
    request.query = head.query;
    request.api_key = http::api_key_of(head);
    request.shown_before = &shown_key_;
    request.from = this;
    request.idempotency_key = head.idempotency_key;
    request.has_idempotency_key = head.idempotency_key.data() != nullptr;
    request.content_type = head.content_type;
    request.content_digest = head.content_digest;
    request.signature = head.tiktok_signature;
    request.timeout_seconds = head.request_timeout;
    if (head.body.kind == http::framing::length) request.content_length = head.body.length_bytes;
    request.has_body = head.body.kind == http::framing::chunked
                       || (head.body.kind == http::framing::length && head.body.length_bytes > 0);
    request.expects_continue = head.expect_continue;
    request.body = &body;
    request.arrived = record_.began;
    request.arrived_wall = record_.began_wall;
    return std::nullopt;
}

void session::answered() {
    answered_before_ = true;
    with_.recorder.call_ended(record_, steady_now(), record_.ended_wall);
    marks_.texts.give(std::move(texts_));
}

} // namespace

bool plain_request_id(std::string_view text) {
    const auto is_plain = [](char c) {
        return is_alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == ':';
    };
    return !text.empty() && text.size() <= 64 && consists_of(text, is_plain);
}

bool loopback_host(std::string_view host) {
    if (host.starts_with("[::1]")) return host.size() == 5 || host[5] == ':';
    const auto name = host.substr(0, host.find(':'));
    if (http::same_word(name, "localhost")) return true;
    return name.starts_with("127.") && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

task<void> serve_connection(const api_parts& with, connection_queue& idle, handshake_turns& turns,
                            session_cache& marks, tcp_socket socket) {
    const counted open(with.state.connections.of(with.home.index()));
    session one(with, idle, turns, marks, std::move(socket));
    co_await one.run();
}

} // namespace gateway::inbound
