// One process of the gateway in a simulated world: the real vault and refreshes on their own loop, and main's
// periodic work. Its destructor is like kill -9: every coroutine ends where it waits, nothing is notified,
// and sent messages still arrive. Owned by the refresh simulation.
#pragma once
#include "deterministic/simulated_engine.hpp"
#include "deterministic/token_endpoint.hpp"
#include "deterministic/world.hpp"
#include "runtime/worker.hpp"
#include "store/store.hpp"
#include "tokens/token_service.hpp"
#include "vault/token_vault.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <memory>
#include <optional>

namespace gateway::simulation {

/// The key ring of all replicas and of the judge.
vault::key_ring simulated_keys();

class replica {
public:
    replica(world& in, simulated_database& at, store_wire& wire, token_endpoint& tiktok, life& mine,
            tokens::token_service_settings settings);
    ~replica();
    replica(const replica&) = delete;
    replica& operator=(const replica&) = delete;

    life& mine() { return mine_; }
    vault::token_vault& vault() { return *vault_; }
    tokens::token_service& tokens() { return *tokens_; }
    task_group& group() { return loop_->group(); }
    seat& place() { return place_; }
    /// Like SIGSTOP; it continues by itself after `time`.
    void stand_still(milliseconds time);

private:
    world& world_;
    life& mine_;
    std::unique_ptr<worker> loop_; // destroyed first, because its frames use the members below
    std::optional<boost::asio::executor_work_guard<executor_type>> stay_;
    std::unique_ptr<store::store> records_;
    tiktok::app_credentials app_{"app-key", secret{"app-secret"}};
    std::unique_ptr<tiktok::oauth> ask_;
    std::unique_ptr<vault::token_vault> vault_;
    std::unique_ptr<tokens::token_service> tokens_;
    seat place_;
    std::shared_ptr<bool>
        alive_; // shared with the end of a pause, which may come after this object is destroyed
};

} // namespace gateway::simulation
