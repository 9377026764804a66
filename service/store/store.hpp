// What is durable: an engine and the roles on it. Whoever uses the store takes the role it uses. Made by
// main, shared by all workers; the roles are thread-safe. Every call of a role suspends the coroutine, never
// the thread, and fails with vault_unavailable (or deadline_exceeded) and with nothing else; absence is a
// value.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/connections.hpp"
#include "store/engine.hpp"
#include "store/facts.hpp"
#include "store/files.hpp"
#include "store/idempotency_keys.hpp"
#include "store/late_writes.hpp"
#include "store/ledger.hpp"
#include "store/logins.hpp"
#include "store/refreshes.hpp"
#include "store/sealed.hpp"
#include "store/upkeep.hpp"
#include "store/window_shares.hpp"

#include <memory>
#include <string_view>

namespace gateway::store {

class store {
public:
    /// At its end it waits so long for the ends of calls that could not be written down before.
    explicit store(std::unique_ptr<engine> on, milliseconds flush_within = milliseconds{1'500});
    store(const store&) = delete;
    store& operator=(const store&) = delete;
    ~store();

    engine& on() const { return *engine_; }

private:
    const std::unique_ptr<engine> engine_; // made first, gone last
    const milliseconds flush_within_;

public:
    gateway::store::connections connections{*engine_};
    gateway::store::refreshes refreshes{*engine_};
    gateway::store::sealed sealed{*engine_};
    gateway::store::logins logins{*engine_};
    gateway::store::files files{*engine_};
    gateway::store::facts facts{*engine_};
    gateway::store::window_shares windows{*engine_};
    gateway::store::upkeep upkeep{*engine_};
    gateway::store::late_writes late{engine_->visible_within()};
    gateway::store::ledger ledger{*engine_, late};
    gateway::store::idempotency_keys keys{*engine_, late};
};

/// Opens what `store.url` names: `sqlite:PATH` or `postgresql://…`. Blocks, for the start. The failure's
/// message is for the operator and says nothing of what stands in the URL beyond a path.
result<std::unique_ptr<store>> open_store(std::string_view url, store_limits limits = {});

} // namespace gateway::store
