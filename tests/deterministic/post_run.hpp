// One run of the post simulation: callers send keyed calls that post (photos, a video by URL, a video by its
// bytes), and repeat them until the answer is final, while replicas crash, are paused and lose messages. In
// the end TikTok's history is compared with the answers.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace gateway::simulation {

struct post_outcome {
    std::uint64_t trace = 0; // equal for equal runs
    std::uint64_t keys = 0, calls = 0, posts = 0, unknown = 0, crashes = 0, pauses = 0;
    std::vector<std::string> violations;

    post_outcome& operator+=(const post_outcome& other);
};

/// `keys`: the number of different calls.
post_outcome run_posts(std::uint64_t seed, std::uint64_t keys);

} // namespace gateway::simulation
