// The durable data: an engine and the roles on it (role.hpp). Code that uses the store takes only the roles
// it needs. Made by the service, shared by all workers.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/connections.hpp"
#include "store/engine.hpp"
#include "store/facts.hpp"
#include "store/files.hpp"
#include "store/idempotency_keys.hpp"
#include "store/import_proofs.hpp"
#include "store/late_writes.hpp"
#include "store/ledger.hpp"
#include "store/logins.hpp"
#include "store/outbox.hpp"
#include "store/pending_grants.hpp"
#include "store/refreshes.hpp"
#include "store/revocations.hpp"
#include "store/sealed.hpp"
#include "store/upkeep.hpp"
#include "store/window_shares.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace gateway::store {

class store {
public:
    /// The destructor waits up to `flush_within` for late writes.
    explicit store(std::unique_ptr<engine> on, milliseconds flush_within = milliseconds{1'500});
    store(const store&) = delete;
    store& operator=(const store&) = delete;
    ~store();

    engine& on() const { return *engine_; }

private:
    const std::unique_ptr<engine> engine_; // made first, destroyed last
    const milliseconds flush_within_;

public:
    gateway::store::connections connections{*engine_};
    gateway::store::refreshes refreshes{*engine_};
    gateway::store::import_proofs proofs{*engine_};
    gateway::store::revocations revocations{*engine_};
    gateway::store::sealed sealed{*engine_};
    gateway::store::logins logins{*engine_};
    gateway::store::pending_grants pending{*engine_};
    gateway::store::files files{*engine_};
    gateway::store::facts facts{*engine_};
    gateway::store::window_shares windows{*engine_};
    gateway::store::upkeep upkeep{*engine_};
    gateway::store::outbox outbox{*engine_};
    gateway::store::late_writes late{engine_->visible_within()};
    gateway::store::ledger ledger{*engine_, late};
    gateway::store::idempotency_keys keys{*engine_, late};
};

/// The whole path of the file of a SQLite store; empty for any other.
std::string file_of_store(std::string_view url);

/// Opens the store of `store.url`: `sqlite:PATH` or `postgresql://…`, there in the schema `store.schema`.
/// Blocks; for the start. The failure's message is for the operator and contains no part of the URL except a
/// path; invalid_input: other users or roles may read or write what they must not. `away`: what to do if
/// PostgreSQL does not answer or takes no connection; a file is there or the opening fails.
result<std::unique_ptr<store>> open_store(std::string_view url, store_limits limits = {},
                                          std::string schema = "tiktok_gateway",
                                          if_away away = if_away::fail);

/// Why a `store.url` cannot be one, as words after the key; empty if it can.
std::string describe_wrong_url(std::string_view url);

/// Who else may read or change a store in a file, as a sentence; empty if nobody, and for PostgreSQL.
std::string describe_exposed_store(std::string_view url);
/// Copies a store in a file into another file (sqlite/backup.hpp); a PostgreSQL has its own tools.
result<void> back_up(std::string_view url, const std::string& into);
/// Why a file that is there cannot be our store, judged by its first bytes, in the words of `open_store`;
/// empty if it may be one. Not while this process has it open.
std::string describe_foreign_store(std::string_view url);
/// What is weaker than it should be in a valid `store.url`, as words after the key; empty if nothing is.
std::string remark_on_url(std::string_view url);

} // namespace gateway::store
