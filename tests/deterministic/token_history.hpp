// TikTok's grants: every issued pair, which of them are accepted, and which the gateway received. Each run
// uses one of five kinds of rotation. Has no network. The refresh simulation checks its results with it;
// owned by the simulation; one thread.
#pragma once
#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gateway::simulation {

enum class rotation {
    none,          // the refresh token stays
    grace,         // the old one is accepted for another day
    strict,        // the old one is invalid when the new one is issued
    strict_family, // …and the use of an invalid one ends the whole grant
    lag            // strict, and some of TikTok's servers accept a new pair only seconds later
};
constexpr std::size_t rotation_count = 5;

struct issued_pair {
    std::size_t user = 0;
    std::size_t grant = 0;
    std::string access, refresh;
    steady_time at;
    steady_time known_from;                 // when all of TikTok's servers accept it
    std::optional<steady_time> received_at; // when the gateway received it completely
    std::uint64_t received_by = 0;          // the process that received it
    steady_time asked_at;                   // when that process sent the request
    bool after_5xx = false;                 // issued by a request that was answered with a 5xx
    bool access_over = false;               // ended early
};

class token_history {
public:
    token_history(rotation how, milliseconds access_lifetime) : how_(how), lifetime_(access_lifetime) {}

    rotation how() const { return how_; }
    milliseconds access_lifetime() const { return lifetime_; }

    /// A new consent; its first pair.
    std::size_t log_in(std::size_t user);
    /// The user revokes the consent, in TikTok's app or through the gateway.
    void end_grants_of(std::size_t user);
    /// Ends the newest access token early; its refresh token stays valid.
    void end_access_of(std::size_t user);

    /// Empty: invalid_grant. Rotates as this run's TikTok does.
    std::optional<std::size_t> refresh(const std::string& refresh_token, milliseconds lag);
    bool takes_access(const std::string& access_token) const;

    issued_pair& pair(std::size_t number) { return pairs_.at(number); }
    const issued_pair& pair(std::size_t number) const { return pairs_.at(number); }
    /// The newest pair with this refresh token (without rotation all pairs have the same).
    std::optional<std::size_t> of_refresh_token(const std::string& text) const;
    std::optional<std::size_t> of_access_token(const std::string& text) const;
    std::size_t first_of_grant(std::size_t number) const { return grants_.at(number).first; }
    std::size_t newest_of_grant(std::size_t number) const { return grants_.at(number).newest; }
    bool was_taken_back(std::size_t number) const { return grants_.at(number).by_user; }
    /// Whether a refresh with this pair would be answered now.
    bool would_refresh(std::size_t number) const;

private:
    struct grant {
        std::size_t user = 0;
        std::size_t first = 0;
        std::size_t newest = 0;
        bool over = false;
        bool by_user = false; // revoked, not lost
    };
    std::size_t issue(std::size_t of, std::string refresh_token, milliseconds lag);

    rotation how_;
    milliseconds lifetime_;
    std::vector<issued_pair> pairs_;
    std::vector<grant> grants_;
    std::map<std::string, std::size_t> by_refresh_, by_access_;
};

} // namespace gateway::simulation
