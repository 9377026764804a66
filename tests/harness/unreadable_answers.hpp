// Answers that cannot be read although the request had its effect at TikTok: heads and bodies that the
// gateway's gate refuses, answers of a proxy between TikTok and the gateway, and bodies that are not
// TikTok's. One table for all tests. Plain values.
#pragma once
#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace harness {

struct unreadable_answer {
    std::string name;
    boost::json::object effect; // `do` of the simulator's POST /faults; the request has its effect
};

/// Heads, framing and bodies that the response gate refuses.
const std::vector<unreadable_answer>& refused_by_the_gate();
/// Valid HTTP, but not an answer of TikTok: pages of proxies and firewalls with every status, empty and
/// broken bodies.
const std::vector<unreadable_answer>& not_of_tiktok();
/// Both.
std::vector<unreadable_answer> unreadable_answers();

} // namespace harness
