// A PostgreSQL server for one test, with its own loopback port and folder; runs as user postgres if the test
// runs as root. The destructor stops it.
#pragma once
#include "base/clock.hpp"
#include "harness/child_process.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace harness {

class postgresql_server {
public:
    /// Throws when it does not start.
    postgresql_server();
    ~postgresql_server();
    postgresql_server(const postgresql_server&) = delete;
    postgresql_server& operator=(const postgresql_server&) = delete;

    /// The value of `store.url`, for a gateway with this `store.schema`. Creates the schema; its name is also
    /// the search path of whoever connects with the URL as it stands.
    std::string url(const std::string& schema);
    /// The same for a schema that url() has created before.
    std::string url_of(const std::string& schema, const std::string& role = "postgres") const;
    /// Runs statements in that schema and gives the first field of the result. Throws if one fails.
    std::string run(const std::string& schema, const std::string& sql) const;
    /// The same as another role than the superuser.
    std::string run_as(const std::string& role, const std::string& schema, const std::string& sql) const;
    /// Waits until the condition is true in the schema. `false`: it was not in time.
    bool comes_true(const std::string& schema, const std::string& condition,
                    gateway::milliseconds patience) const;
    /// Moves all stored times into the past by this much, so that leases and heartbeats end sooner. Running
    /// replicas renew theirs within seconds.
    void pass_time(const std::string& schema, gateway::milliseconds by) const;

    void start();
    /// Breaks every connection and stops listening.
    void stop();
    std::uint16_t port() const { return port_; }

    /// A password in the URL that the server does not require: the search for secrets looks for it.
    static constexpr const char* password = "planted-password";

private:
    std::vector<std::string> as_its_user(std::vector<std::string> command) const;

    std::string folder_;
    int held_port_; // a bound socket: the port stays ours while the server is down
    std::uint16_t port_;
    std::unique_ptr<child_process> process_;
};

} // namespace harness
