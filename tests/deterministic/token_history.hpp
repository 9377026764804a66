// What TikTok knows of its grants: every pair it ever issued, which of them it takes, and which of them the
// gateway received. Of the five ways in which TikTok may rotate one is played per run. Knows no network. The
// oracle of the refresh simulation; owned by it; one thread.
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
    grace,         // the old one is taken for a day more
    strict,        // the old one is dead when the new one is issued
    strict_family, // …and whoever shows a dead one ends the whole grant
    lag            // strict, and all of TikTok knows a new pair only seconds later
};
constexpr std::size_t rotation_count = 5;

struct issued_pair {
    std::size_t user = 0;
    std::size_t grant = 0;
    std::string access, refresh;
    steady_time at;
    steady_time known_from;                 // to all of TikTok
    std::optional<steady_time> received_at; // by the gateway, whole
    std::uint64_t received_by = 0;          // the life that did
    steady_time asked_at;                   // when the request that led to it left that life
    bool after_5xx = false;                 // it was issued by a request that was answered with a 5xx
    bool access_over = false;               // before its time
};

class token_history {
public:
    token_history(rotation how, milliseconds access_lifetime) : how_(how), lifetime_(access_lifetime) {}

    rotation how() const { return how_; }
    milliseconds access_lifetime() const { return lifetime_; }

    /// A new consent; its first pair.
    std::size_t log_in(std::size_t user);
    /// The user takes the consent back, in TikTok's app or by us.
    void end_grants_of(std::size_t user);
    /// The newest access token ends before its time; its refresh token is as good as before.
    void end_access_of(std::size_t user);

    /// Empty: invalid_grant. Rotates, or not, as this TikTok does.
    std::optional<std::size_t> refresh(const std::string& refresh_token, milliseconds lag);
    bool takes_access(const std::string& access_token) const;

    issued_pair& pair(std::size_t number) { return pairs_.at(number); }
    const issued_pair& pair(std::size_t number) const { return pairs_.at(number); }
    /// The newest pair with this refresh token (where it stays, each pair has the same).
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
        bool by_user = false; // taken back, not lost
    };
    std::size_t issue(std::size_t of, std::string refresh_token, milliseconds lag);

    rotation how_;
    milliseconds lifetime_;
    std::vector<issued_pair> pairs_;
    std::vector<grant> grants_;
    std::map<std::string, std::size_t> by_refresh_, by_access_;
};

} // namespace gateway::simulation
