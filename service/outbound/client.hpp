// Sends HTTP/1.1 requests over a pool of keep-alive TLS connections per origin. Owned by one worker, used
// from its thread only. Contains nothing that is specific to TikTok.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "outbound/types.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace gateway {
class worker;
}
namespace gateway::limits {
class permit;
}

namespace gateway::outbound {

class tls_client_context; // trust anchors and rules, shared by all workers
class resolver;

/// What is in the answer. Tokens may be the only valid ones: no failed allocation may lose them.
enum class answer_has { no_tokens, tokens };

struct pool_stats {
    std::uint32_t idle = 0, active = 0, waiting = 0;
};

/// A request whose body is sent piece by piece until an early answer stops it. The connection returns to the
/// pool when finish() has read a whole answer, and is closed in every other case.
class exchange {
public:
    virtual ~exchange() = default;
    /// Sends all of `piece`. `false`: the peer has answered already; call finish() and send no more.
    virtual task<exchange_result<bool>> write(std::string_view piece, deadline until) = 0;
    virtual task<exchange_result<reply>> finish(deadline until) = 0;
};

/// What leaves is counted in its window before (L07), so every way out takes a slot, or says `no_window`. A
/// request is sent again from here only if certainly no byte of it left: on a kept connection that turns out
/// to be dead. In every other case the caller decides, and takes another slot.
///
/// Failures of all calls: tiktok_unreachable, tiktok_tls, deadline_exceeded, overloaded (no connection in
/// time), tiktok_error (not HTTP, or too large), forbidden (the host has an address that
/// client_limits::addresses refuse). details()->may_have_reached_tiktok says whether request bytes may have
/// left, whatever the failure (exchange_result).
class client {
public:
    client(worker& home, const tls_client_context& tls, resolver& names, client_limits limits);
    ~client();

    /// One flat request, one whole answer, for a call of `by`. Uses the slot; the caller settles it.
    task<exchange_result<reply>> send(limits::permit& slot, const origin& to, std::string_view request,
                                      deadline until, sharer by,
                                      connection_choice over = connection_choice::any);
    task<exchange_result<reply>> send(no_window, const origin& to, std::string_view request, deadline until,
                                      sharer by, answer_has what = answer_has::no_tokens);
    /// `head` announces the length of the body that follows; it is sent with the first piece.
    task<result<std::unique_ptr<exchange>>> begin(no_window, const origin& to, std::string head,
                                                  deadline until, sharer by);

    /// Any thread.
    pool_stats stats() const;
    /// For the drain: closes idle connections and refuses new calls.
    void close();

private:
    struct state;
    class streamed;
    struct times {
        deadline until, ready_by; // its answer; the connection that carries it
    };
    task<exchange_result<reply>> carry(const origin& to, std::string_view request, times when, sharer by,
                                       connection_choice over, answer_has what);

    std::shared_ptr<state>
        state_; // shared with running calls, of which some are destroyed later, with their loop
};

} // namespace gateway::outbound
