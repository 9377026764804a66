// The users of a chaos campaign, each with an account of its own at TikTok. One who is told to connect again
// is replaced by a new one for the load, and judged at the end. Shared by all threads.
#pragma once
#include "fault/chaos/ending.hpp"
#include "fault/chaos/findings.hpp"
#include "fault/chaos/replica_set.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace fault {

struct chaos_user {
    std::string name, account;
    bool told_to_reconnect = false;
};

class user_book {
public:
    user_book(harness::world& w, const replica_set& replicas, ending& over, findings& found);

    /// Connects a new user at any replica. Nothing if the end came first.
    std::optional<std::string> make();
    /// Makes those that the load picks from.
    void fill(std::size_t count);
    /// One for the next call; the name of a user who was not told to connect again, as far as there is one.
    std::string pick(std::size_t roll) const;
    /// The user was told to connect again: another one takes the place.
    void told_to_reconnect(const std::string& name);

    std::vector<chaos_user> all() const;

private:
    bool import(const chaos_user& one);

    harness::world& w_;
    const replica_set& replicas_;
    ending& over_;
    findings& found_;
    std::atomic<std::size_t> made_{0};
    mutable std::mutex lock_; // for all below
    std::vector<chaos_user> all_;
    std::vector<std::string> picked_from_;
};

/// The account at TikTok of a user of the campaign.
std::string account_of(const std::string& user);

} // namespace fault
