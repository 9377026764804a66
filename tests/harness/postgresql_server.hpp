// A PostgreSQL of the test's own: on a loopback port and in a folder of its own, as user postgres where the
// test runs as root. Ends with its owner.
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

    /// For `store.url`; what the store makes lies in this schema, which is made now.
    std::string url(const std::string& schema);
    /// As the store would be told it, for what url() has made before.
    std::string url_of(const std::string& schema) const;
    /// Statements, in that schema; gives the first field of what came back. Throws when one fails.
    std::string run(const std::string& schema, const std::string& sql) const;
    /// Waits until that is true of the schema. `false`: it was not in time.
    bool comes_true(const std::string& schema, const std::string& condition,
                    gateway::milliseconds patience) const;
    /// For the store's clock: what it wrote down to be over later is over sooner. Replicas that live say so
    /// again within seconds.
    void pass_time(const std::string& schema, gateway::milliseconds by) const;

    void start();
    /// Every connection breaks, and nobody listens any more.
    void stop();
    std::uint16_t port() const { return port_; }

    /// Stands in the URL, and the server asks nobody for it: to be looked for where it must not be.
    static constexpr const char* password = "planted-password";

private:
    std::vector<std::string> as_its_user(std::vector<std::string> command) const;

    std::string folder_;
    std::uint16_t port_;
    std::unique_ptr<child_process> process_;
};

} // namespace harness
