// One PostgreSQL for all tests of this program, with a schema for each.
#pragma once
#include "harness/postgresql_server.hpp"
#include "store/store.hpp"
#include "unit/store/store_fixture.hpp"

#include <memory>
#include <string>

namespace gateway::testing {

/// Started before the first test, stopped after the last.
harness::postgresql_server& shared_server();

/// Short timeouts, so that tests of outages are fast.
inline store::store_limits few_connections() {
    store::store_limits limits;
    limits.connections = 3;
    limits.connect_within = milliseconds{2'000};
    limits.outage_patience = milliseconds{300};
    return limits;
}

/// The schema that a URL of postgresql_server is for.
std::string schema_of(const std::string& url);

std::unique_ptr<store::store> open_at(const std::string& url, store::store_limits limits = few_connections());

/// Moves all stored times into the past by this much, so that leases and heartbeats end sooner.
void pass_time(const std::string& schema, milliseconds by);

/// A fixture for stores on one schema.
class PostgresqlStore : public ::testing::Test {
protected:
    std::unique_ptr<store::store> open(store::store_limits limits = few_connections()) {
        return open_at(url, limits);
    }
    template <class T>
    T run(task<result<T>> call) {
        auto out = run_on(loop, std::move(call));
        if (!out) throw std::runtime_error(out.error().message());
        return std::move(*out);
    }
    void run(task<result<void>> call) {
        const auto out = run_on(loop, std::move(call));
        if (!out) throw std::runtime_error(out.error().message());
    }
    std::string sql(const std::string& text) { return shared_server().run(schema.name(), text); }

    temporary_folder schema; // used for its name
    const std::string url = shared_server().url(schema.name());
    worker loop;
};

} // namespace gateway::testing
