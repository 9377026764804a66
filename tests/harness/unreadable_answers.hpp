// Answers of TikTok that nobody can read, although the request had its effect: what the gateway's gate
// refuses, what something between TikTok and the gateway says in TikTok's place, and bodies that are not
// TikTok's. One table for all tests that need them. Plain values.
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
/// Proper HTTP, and not TikTok's words: pages of proxies and firewalls with every status, empty and broken
/// bodies.
const std::vector<unreadable_answer>& not_of_tiktok();
/// Both.
std::vector<unreadable_answer> unreadable_answers();

} // namespace harness
