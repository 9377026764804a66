#include "outbound/client.hpp"

#include "base/memory/memory_reserve.hpp"
#include "http/strict_gate.hpp"
#include "http/wire_text.hpp"
#include "limits/window.hpp"
#include "outbound/address_rules.hpp"
#include "outbound/arriving_answer.hpp"
#include "outbound/connection.hpp"
#include "outbound/pool.hpp"
#include "outbound/resolver.hpp"
#include "outbound/tls_client_context.hpp"
#include "runtime/stream_steps.hpp"
#include "runtime/worker.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <stdexcept>
#include <utility>

namespace gateway::outbound {

/// Shared by the client and the running calls, which may end after it, when their loop is destroyed.
struct client::state {
    state(worker& home, const tls_client_context& tls_, resolver& names_, client_limits limits)
        : tls(tls_), names(names_), connections(std::make_shared<pool>(home, limits)) {}

    const tls_client_context& tls;
    resolver& names;
    std::shared_ptr<pool> connections;

    /// Opens a connection in the lease's slot.
    task<result<void>> open(const origin& to, pool::lease& into, deadline until);
    task<result<std::unique_ptr<connection>>> try_addresses(const origin& to, deadline until);
};

namespace {

failure too_late() {
    return failure{errc::deadline_exceeded, "No connection to TikTok before the deadline."};
}

template <class Step>
auto kept_safe(answer_has what, const Step& step) {
    if (what == answer_has::no_tokens) return step();
    const memory_reserve::scope no_failure;
    return step();
}

} // namespace

task<result<std::unique_ptr<connection>>> client::state::try_addresses(const origin& to, deadline until) {
    const auto found = co_await names.resolve(to.host, until);
    if (!found) co_return found.error();
    const client_limits& limits = connections->limits();
    if (limits.addresses != nullptr && !limits.addresses->permit(to.host, *found))
        co_return failure{errc::forbidden, "The host has an address that is not public."};
    failure last = too_late();
    for (const auto& address : *found) {
        const steady_time now = steady_now();
        if (until.passed(now)) co_return too_late();
        auto made = std::make_unique<connection>(connections->home(), limits.answer_bytes);
        const tcp_endpoint where(address, to.port);
        const auto opened =
            co_await made->open(where, tls.make(to), until.no_later_than(now + limits.connect_timeout));
        if (opened) co_return std::move(made);
        last = opened.error();
        // If one address fails as not TikTok's, the next ones are not tried: no fallback (U06).
        if (last.code() == errc::tiktok_tls || last.code() == errc::overloaded) co_return last;
    }
    // A timeout of one address's share of time is not the caller's deadline.
    const bool own_timeout = last.code() == errc::deadline_exceeded && !until.passed(steady_now());
    if (own_timeout) last = failure{errc::tiktok_unreachable, "TikTok did not accept a connection in time."};
    co_return last;
}

task<result<void>> client::state::open(const origin& to, pool::lease& into, deadline until) {
    auto made = co_await try_addresses(to, until);
    if (!made) co_return made.error();
    into.opened(std::move(*made));
    co_return result<void>();
}

client::client(worker& home, const tls_client_context& tls, resolver& names, client_limits limits)
    : state_(std::make_shared<state>(home, tls, names, limits)) {}
client::~client() {
    close();
}

task<exchange_result<reply>> client::send(limits::permit& slot, const origin& to, std::string_view request,
                                          deadline until, sharer by, connection_choice over) {
    slot.use();
    const times when{until, until.no_later_than(slot.send_by())};
    return carry(to, request, when, by, over, answer_has::no_tokens);
}

task<exchange_result<reply>> client::send(no_window, const origin& to, std::string_view request,
                                          deadline until, sharer by, answer_has what) {
    const times when{until, until};
    return carry(to, request, when, by, connection_choice::any, what);
}

task<exchange_result<reply>> client::carry(const origin& to, std::string_view request, times when, sharer by,
                                           connection_choice over, answer_has what) {
    const auto until = when.until;
    const auto keep = state_;
    constexpr auto nothing = request_bytes::none_left;
    auto leased = keep->connections->acquire_now(to, by);
    if (!leased) {
        auto waited = co_await keep->connections->acquire(to, by, when.ready_by);
        if (!waited) co_return exchange_result<reply>(waited.error(), nothing);
        leased.emplace(std::move(*waited));
    }
    pool::lease& held = *leased;
    if (over == connection_choice::new_one) held.drop();
    for (;;) {
        if (!held.get()) {
            const auto opened = co_await keep->open(to, held, when.ready_by);
            if (!opened) co_return exchange_result<reply>(opened.error(), nothing);
        }
        { // must be destroyed before the connection
            connection& c = *held.get();
            c.begin_request();
            arriving_answer answer(c);
            {
                stream_writing writing(c.wire(), request, {}, until);
                const auto unsent = co_await writing;
                if (unsent) answer.failed(unsent);
            }
            while (kept_safe(what, [&answer] { return answer.wants_more(); })) {
                const auto room = kept_safe(what, [&answer] { return answer.room(); });
                stream_reading reading(c.wire(), room, until);
                const auto got = co_await reading;
                kept_safe(what, [&answer, &got] { answer.took(got); });
            }
            auto said = kept_safe(what, [&answer] { return answer.out(); });
            if (said && c.in_step()) held.mark_clean();
            const bool stale = !said && held.reused() && c.peer_closed();
            if (!stale || c.sent() != nothing)
                co_return exchange_result<reply>(std::move(said), c.sent(), stale);
        }
        held.drop();
    }
}

/// An exchange that owns its lease.
class client::streamed final : public exchange {
public:
    streamed(std::shared_ptr<state> from, const origin& to, pool::lease held, std::string head,
             std::uint64_t body_bytes)
        : from_(std::move(from)),
          to_(to),
          held_(std::move(held)),
          head_(std::move(head)),
          body_left_(body_bytes) {
        held_.get()->begin_request();
    }

    task<exchange_result<bool>> write(std::string_view piece, deadline until) override {
        if (answered_) co_return exchange_result<bool>(false, request_bytes::may_have_left);
        if (piece.size() > body_left_) throw std::logic_error("more body than the head has announced");
        auto sent = co_await send(piece, until);
        if (!sent) co_return std::move(sent);
        answered_ = !*sent;
        body_left_ -= piece.size();
        co_return std::move(sent);
    }

    task<exchange_result<reply>> finish(deadline until) override {
        if (!head_.empty()) {
            const auto sent = co_await send(std::string_view(), until);
            if (!sent) co_return exchange_result<reply>(sent);
        }
        connection& c = *held_.get();
        arriving_answer answer(c);
        while (answer.wants_more()) {
            const auto got = co_await c.wire().read_some(answer.room(), until);
            answer.took(got);
        }
        auto said = answer.out();
        if (said && c.in_step() && body_left_ == 0 && !answered_) held_.mark_clean();
        co_return exchange_result<reply>(std::move(said), c.sent());
    }

private:
    task<exchange_result<bool>> send(std::string_view piece, deadline until) {
        for (;;) {
            connection& c = *held_.get();
            auto sent = co_await c.write_unless_answered(head_, piece, until);
            // A reused connection that was dead before any byte of this request was sent: trying again is
            // safe.
            const bool unsent = c.sent() == request_bytes::none_left;
            const bool stale = held_.reused() && unsent && (sent ? !*sent : c.peer_closed());
            if (!stale) {
                head_.clear();
                co_return exchange_result<bool>(std::move(sent), c.sent());
            }
            held_.drop();
            const auto opened = co_await from_->open(to_, held_, until);
            if (!opened) co_return exchange_result<bool>(opened.error(), request_bytes::none_left);
            held_.get()->begin_request();
        }
    }

    std::shared_ptr<state> from_;
    origin to_;
    pool::lease held_;
    std::string head_; // sent together with the first piece, then empty
    std::uint64_t body_left_;
    bool answered_ = false;
};

task<result<std::unique_ptr<exchange>>> client::begin(no_window, const origin& to, std::string head,
                                                      deadline until, sharer by) {
    const auto keep = state_;
    const auto announced = http::length_of(http::find_field(head, "content-length"));
    if (!announced) throw std::logic_error("a streamed request must announce its length");
    auto leased = co_await keep->connections->acquire(to, by, until);
    if (!leased) co_return leased.error();
    if (!leased->get()) {
        const auto opened = co_await keep->open(to, *leased, until);
        if (!opened) co_return opened.error();
    }
    co_return std::make_unique<streamed>(keep, to, std::move(*leased), std::move(head), *announced);
}

pool_stats client::stats() const {
    return state_->connections->stats();
}
void client::close() {
    state_->connections->close();
}

} // namespace gateway::outbound
