// Checks the vault of a simulated world: notes every stored pair, and reports in the end what is wrong with
// each user. Owned by the refresh run.
#pragma once
#include "deterministic/simulated_engine.hpp"
#include "deterministic/token_endpoint.hpp"
#include "deterministic/token_history.hpp"
#include "deterministic/world.hpp"
#include "store/connection_record.hpp"
#include "vault/key_ring.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace gateway::simulation {

/// The judge's data about one user.
struct user_story {
    user_id id;
    std::size_t held = 0; // number of the pair in the vault
    std::uint64_t version = 0;
    std::string sealed; // the stored pair
    bool revoked = false;
};

/// A user's current connection in the database.
std::optional<store::connection_record> find_connection(simulated_database& at, const user_id& user);

class refresh_judge {
public:
    refresh_judge(world& in, token_history& history, simulated_database& at, const std::deque<life>& lives,
                  std::size_t users);

    user_story& user(std::size_t number) { return users_.at(number); }
    std::size_t users() const { return users_.size(); }
    std::uint64_t refreshes() const { return refreshes_; }
    /// Notes that the vault has stored the grant of this pair.
    void told_of_grant(std::size_t pair);
    /// Call once, after all faults. Gives the number of lost users, and reports those that should not be
    /// lost.
    std::uint64_t settle();

private:
    std::size_t pair_in(const store::connection_record& record) const;
    void changed(const user_id& user);
    void stored(const store::connection_record& record);
    bool is_lost(user_story& story);
    bool could_not_be_stored(const issued_pair& newest) const;
    void complain(std::string what, const user_story& about);

    world& world_;
    token_history& history_;
    simulated_database& at_;
    const std::deque<life>& lives_;
    vault::key_ring keys_;
    std::vector<user_story> users_;
    std::vector<bool> ever_stored_; // by pair
    std::uint64_t refreshes_ = 0;
};

/// `u7` and 7.
user_id name_of_user(std::size_t number);
std::size_t number_of_user(const user_id& user);

} // namespace gateway::simulation
