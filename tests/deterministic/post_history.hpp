// The posts at the simulated TikTok: each accepted init, the received bytes, and what was posted. A post is
// identified by a mark in its caption, which contains the number of the caller's key. Has no network. The
// post simulation checks its results with it; owned by the simulation; one thread.
#pragma once
#include "outbound/client.hpp"

#include <cstdint>
#include <functional>
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
    // Given by a run that plays the life of posts; empty: it follows from the bytes.
    std::string status, fail_reason, public_id;
};

class post_history {
public:
    /// Processes one whole request with its body and gives TikTok's answer.
    outbound::reply take(std::string_view request);

    /// The key this request is about, if it is about one.
    std::size_t key_of(std::string_view request) const;

    /// Called with each post that an init has made.
    std::function<void(std::size_t number)> on_begin;
    simulated_post& post(std::size_t number) { return posts_.at(number); }
    /// Of its id.
    static std::size_t number_of(std::string_view id);
    std::uint64_t status_calls() const { return status_calls_; }

    std::size_t posts_of(std::size_t key) const;
    bool has_posted(std::size_t key, std::string_view id) const;

private:
    outbound::reply begin(std::string_view body, bool brings_bytes);
    outbound::reply status(std::string_view body);
    outbound::reply put(std::string_view request);

    std::vector<simulated_post> posts_;
    std::uint64_t status_calls_ = 0;
};

/// The mark in captions and URLs, and the key of a mark; 0 if there is none.
std::string mark_of(std::size_t key);
std::size_t key_in(std::string_view text);

} // namespace gateway::simulation
