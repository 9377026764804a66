// The engine for a PostgreSQL database that any number of replicas share: the pool's connections run the
// units, a heartbeat shows that this replica runs, and the change feed receives the changes of others.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "limits/replicas_seen.hpp"
#include "store/changes.hpp"
#include "store/engine.hpp"
#include "store/postgresql/address.hpp"
#include "store/postgresql/change_feed.hpp"
#include "store/postgresql/pool.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace gateway::store {

class postgresql_engine final : public engine {
public:
    postgresql_engine(postgresql_address address, std::string schema, store_limits limits);
    ~postgresql_engine() override { stop(); }

    /// Migrates the schema and starts the heartbeat; if the server is away and `away` says so, that is done
    /// when it comes. The failure is for the operator; invalid_input: others may create in the schema.
    /// Blocks.
    result<void> start(if_away away);

    task<std::optional<failure>> perform(job& what) override;
    task<result<void>> beat(deadline until) override;
    std::optional<limits::replicas_seen> replicas() const override;
    /// The server may need the same time again for a statement.
    milliseconds visible_within() const override { return 2 * limits().job_max; }
    void listen(change_listener& who) override { feed_.add(who); }
    void stop_listening(change_listener& who) override { feed_.remove(who); }
    void spawn(task<void> background) override { pool_.spawn(std::move(background)); }
    void stop() override;
    bool is_open() const override { return is_open_.load(); }
    std::string trouble() const override;

private:
    struct opening;

    task<opening> prepare(deadline until);
    /// Patient with a server that is slow to answer.
    task<opening> prepare_first();
    /// Until it is open, as long as it takes.
    task<void> open_when_there();
    void begin_background();
    task<void> keep_beating();
    void note_beat(steady_time began, const limits::others_seen& others);

    const std::string owner_ =
        new_ulid(wall_now()); // the id of this opening of the store, the owner of its rows
    std::atomic<bool> is_open_{false};
    mutable std::mutex seen_mutex_; // for the next two
    limits::replicas_seen seen_;
    std::string not_open_because_;
    change_feed feed_; // runs on the thread of the pool, which is therefore stopped first
    postgresql_pool pool_;
};

/// The failure's message is for the operator and contains no parts of the URL; invalid_input: others may
/// create in the schema.
result<std::unique_ptr<postgresql_engine>> open_postgresql_engine(const std::string& url, std::string schema,
                                                                  store_limits limits,
                                                                  if_away away = if_away::fail);

} // namespace gateway::store
