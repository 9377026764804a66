// What a client takes and gives, for pure files above it: the host of a request, its answer, the result of an
// exchange, and the limits. Plain values.
#pragma once
#include "base/clock.hpp"
#include "base/fair_share.hpp"
#include "base/memory/wiped_text.hpp"
#include "base/memory/worker_memory.hpp"
#include "base/result.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace gateway::outbound {

class address_rules;

/// Always https. Connections are shared only between equal origins (host is SNI and verified name).
struct origin {
    std::string host;
    std::uint16_t port = 443;
    auto operator<=>(const origin&) const = default;
};

/// A whole answer.
struct reply {
    int status = 0;
    wiped_text bytes; // head and body, de-chunked
    std::string_view body() const { return std::string_view(bytes).substr(body_at); }
    std::size_t body_at = 0;
    std::string retry_after; // raw values of the few fields that are used; empty when absent
    std::string content_range;
    std::string log_id; // x-tt-logid
};

/// Connections to one origin, and the places of those who wait for one, are shared by callers
/// (base/fair_share.hpp).
struct client_limits {
    std::uint32_t connections_per_origin = 64;
    std::uint32_t waiters_per_origin = 1024;
    std::size_t answer_bytes = 1 << 20;
    milliseconds connect_timeout{5'000};
    milliseconds idle_timeout{55'000};
    const caller_count* callers = nullptr;    // never null in a running service; null: one
    const address_rules* addresses = nullptr; // outlives the client; null: any address
};

/// Whether the connection has passed bytes to the kernel since the request began.
enum class request_bytes : unsigned char { none_left, may_have_left };

/// In place of a slot, for what the host does not count in a window.
struct no_window {};

/// Which connection carries a request.
enum class connection_choice : unsigned char { any, new_one };

/// A result whose failure has may_have_reached_tiktok set if, and only if, bytes may have left. It cannot be
/// made without saying so, so every failure says whether the host may have acted on the request
/// (docs/promises.md I05).
template <class T>
class [[nodiscard]] exchange_result : public result<T> {
public:
    exchange_result(result<T>&& how, request_bytes left, bool was_stale = false)
        : result<T>(how.has_error() && left == request_bytes::may_have_left ? marked(how) : std::move(how)),
          was_stale_(was_stale) {}
    /// Passes the failure of a step on as the failure of the exchange.
    template <class Step>
    explicit exchange_result(const exchange_result<Step>& failed) : result<T>(failed.error()) {}

    /// A failure of a connection that had been used before: the peer closed it without a byte of an answer,
    /// as stale ones are closed (U04).
    bool was_stale() const { return was_stale_; }

private:
    bool was_stale_ = false;

    [[gnu::cold]] static result<T> marked(const result<T>& how) {
        return how.error().may_have_reached_tiktok();
    }
};

} // namespace gateway::outbound
