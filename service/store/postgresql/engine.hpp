// The engine over a PostgreSQL database that any number of replicas share: the pool's connections run the
// units, this replica's heartbeat says that it lives, the change feed says what others did.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "limits/share.hpp"
#include "store/changes.hpp"
#include "store/engine.hpp"
#include "store/postgresql/address.hpp"
#include "store/postgresql/change_feed.hpp"
#include "store/postgresql/pool.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace gateway::store {

class postgresql_engine final : public engine {
public:
    postgresql_engine(postgresql_address address, store_limits limits);
    ~postgresql_engine() override { stop(); }

    /// Brings the schema up to date and begins the heartbeat. Empty, or what an operator has to know. Blocks.
    std::string start();

    task<std::optional<failure>> perform(job& what) override { return pool_.jobs().perform(what); }
    task<result<void>> beat(deadline until) override;
    std::optional<limits::replicas_seen> replicas() const override;
    /// A statement may have as long again on the server's side.
    milliseconds visible_within() const override { return 2 * limits().job_max; }
    void listen(change_listener& who) override { listeners_.add(who); }
    void stop_listening(change_listener& who) override { listeners_.remove(who); }
    void spawn(task<void> background) override { pool_.spawn(std::move(background)); }
    void stop() override;

private:
    task<std::string> prepare(deadline until);
    task<void> keep_beating();
    void note_beat(steady_time began, std::uint64_t replicas);

    const std::string owner_ = new_ulid(wall_now()); // of rows: this opening of the store
    mutable std::mutex seen_mutex_;
    limits::replicas_seen seen_;
    change_listeners listeners_;
    change_feed feed_; // on the thread of the pool, which therefore goes first
    postgresql_pool pool_;
};

/// The failure's message is for the operator and says nothing of what stands in the URL.
result<std::unique_ptr<postgresql_engine>> open_postgresql_engine(const std::string& url,
                                                                  store_limits limits);

} // namespace gateway::store
