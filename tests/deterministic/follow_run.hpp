// One run of the simulation of posts' ends: callers post, TikTok goes on with each post in its own time, for
// days, and tells it by webhooks that are lost, doubled, late and out of order, while replicas crash and the
// database is away. In the end the ledger is compared with TikTok's truth.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace gateway::simulation {

struct follow_outcome {
    std::uint64_t trace = 0; // equal for equal runs
    std::uint64_t posts = 0, published = 0, failed = 0, in_inbox = 0, unconfirmed = 0;
    std::uint64_t events = 0; // told to the receiver
    std::uint64_t webhooks_told = 0, webhooks_lost = 0, status_calls = 0, crashes = 0, outages = 0;
    std::vector<std::string> violations;

    follow_outcome& operator+=(const follow_outcome& other);
};

/// `days`: with posts that never end. `hours_with_receiver`: a caller is told by webhook, by a receiver that
/// fails half of the time.
enum class follow_kind { days, hours_with_receiver };

/// `posts`: how many are made.
follow_outcome run_follow(std::uint64_t seed, std::uint64_t posts, follow_kind kind);

} // namespace gateway::simulation
