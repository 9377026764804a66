// How an exchange with a host ended, and whether bytes of its request may have left: whoever tells the end
// has to tell both, so no way of failing, old or new, can leave open whether the host may have acted on the
// request (failure-catalogue I05). Plain values.
#pragma once
#include "base/result.hpp"

#include <utility>

namespace gateway::outbound {

/// A fact of the connection: what it has handed to the kernel since the request began.
enum class request_bytes : unsigned char { none_left, may_have_left };

/// A result whose failure says may_have_reached_tiktok where, and only where, bytes may have left.
template <class T>
class [[nodiscard]] exchange_result : public result<T> {
public:
    exchange_result(result<T>&& how, request_bytes left)
        : result<T>(how.has_error() && left == request_bytes::may_have_left ? marked(how) : std::move(how)) {}
    /// The failure of a step is that of the whole.
    template <class Step>
    explicit exchange_result(const exchange_result<Step>& failed) : result<T>(failed.error()) {}

private:
    [[gnu::cold]] static result<T> marked(const result<T>& how) {
        return how.error().may_have_reached_tiktok();
    }
};

} // namespace gateway::outbound
