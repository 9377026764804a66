// The result of an exchange with a host, together with whether bytes of its request may have left. A result
// cannot be made without both, so every failure says whether the host may have acted on the request
// (docs/promises.md I05). Plain values.
#pragma once
#include "base/result.hpp"

#include <utility>

namespace gateway::outbound {

/// Whether the connection has passed bytes to the kernel since the request began.
enum class request_bytes : unsigned char { none_left, may_have_left };

/// A result whose failure has may_have_reached_tiktok set if, and only if, bytes may have left.
template <class T>
class [[nodiscard]] exchange_result : public result<T> {
public:
    exchange_result(result<T>&& how, request_bytes left)
        : result<T>(how.has_error() && left == request_bytes::may_have_left ? marked(how) : std::move(how)) {}
    /// Passes the failure of a step on as the failure of the exchange.
    template <class Step>
    explicit exchange_result(const exchange_result<Step>& failed) : result<T>(failed.error()) {}

private:
    [[gnu::cold]] static result<T> marked(const result<T>& how) {
        return how.error().may_have_reached_tiktok();
    }
};

} // namespace gateway::outbound
