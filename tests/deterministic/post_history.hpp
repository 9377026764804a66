// What TikTok has of the posts of a simulated world: each init it took, the bytes that came, and what it
// posted. A post is known by the mark in its caption, which names the caller's key. Knows no network. The
// oracle of the post simulation; owned by it; one thread.
#pragma once
#include "outbound/client.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::simulation {

struct simulated_post {
    std::string id;
    std::size_t key = 0;
    std::uint64_t size_bytes = 0; // announced; 0 where TikTok pulls
    std::uint64_t received_bytes = 0;
    bool posted = false;
};

class post_history {
public:
    /// One whole request with its body: TikTok acts on it and answers.
    outbound::reply take(std::string_view request);

    /// The key this request is about, if it is about one.
    std::size_t key_of(std::string_view request) const;

    std::size_t posts_of(std::size_t key) const;
    bool has_posted(std::size_t key, std::string_view id) const;

private:
    outbound::reply begin(std::string_view body, bool brings_bytes);
    outbound::reply status(std::string_view body) const;
    outbound::reply put(std::string_view request);

    std::vector<simulated_post> posts_;
};

/// As it stands in captions and URLs, and the key behind it; 0: none.
std::string mark_of(std::size_t key);
std::size_t key_in(std::string_view text);

} // namespace gateway::simulation
