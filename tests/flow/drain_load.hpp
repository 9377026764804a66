// Clients that call a gateway without pause until its port is closed, and never repeat a call, so that they
// count the calls that a drain loses. Each is a thread. A refused connection is the normal end; anything else
// that is not an answer with 200 is a lost call.
#pragma once
#include "base/clock.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace drains {

enum class client_kind {
    connects_per_call, // a new connection for each call
    keeps_alive,       // one connection, until the gateway closes it
    rests_between      // the same, with a pause after each answer in which the connection is idle
};

struct target {
    std::uint16_t port = 0;
    std::string request;      // whole bytes
    std::string ca_file = {}; // empty: without TLS
    gateway::milliseconds rest{150};
};

class connection;

class load {
public:
    /// Starts `clients`, of all kinds in turn.
    load(target at, std::size_t clients);
    ~load();
    load(const load&) = delete;
    load& operator=(const load&) = delete;

    /// `false`: there were fewer answers in time.
    bool wait_for_answers(std::uint64_t count, gateway::milliseconds wait) const;
    /// Waits until every client was refused a connection. `false`: some still call.
    bool wait_until_refused(gateway::milliseconds wait) const;

    std::uint64_t answered() const { return answered_.load(); }
    std::uint64_t lost() const { return lost_.load(); }
    /// The first ones, one per line.
    std::string reasons() const;

private:
    void run(client_kind kind, unsigned seed);
    bool call(client_kind kind, connection& over);
    void lose(client_kind kind, const std::string& why);

    const target at_;
    std::atomic<std::uint64_t> answered_{0}, lost_{0};
    std::atomic<std::size_t> running_{0};
    std::atomic<bool> stop_{false};
    mutable std::mutex mutex_;
    std::vector<std::string> reasons_;
    std::vector<std::thread> threads_;
};

} // namespace drains
