// Sends one event to one receiver, over connections of its own, and says what came of it. Owned by the
// deliverer, used from its worker's thread only.
#pragma once
#include "outbound/client.hpp"
#include "runtime/task.hpp"
#include "store/outbox.hpp"
#include "webhooks/receivers.hpp"

#include <string>

namespace gateway::webhooks {

struct sent {
    /// A status of 2xx; any other, or no answer; 410, after which nothing more is sent to this URL.
    enum class kind { taken, failed, ended } what = kind::failed;
    std::string reason; // of a failure, for the operator: one sentence for refused, closed and filtered
};

class sender {
public:
    /// All parts outlive the loop of `home`.
    sender(worker& home, const outbound::tls_client_context& tls, outbound::resolver& names,
           const outbound::address_rules& addresses, const caller_count& callers);

    /// Signed with the time of this call. `to` outlives it.
    task<sent> send(const store::delivery& what, const receiver& to, deadline until);
    /// Closes idle connections and refuses new ones.
    void close() { client_.close(); }

private:
    outbound::client client_;
};

} // namespace gateway::webhooks
