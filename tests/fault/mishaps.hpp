// What goes wrong at TikTok for one write: where, and how. Drawn by dice, so that a seed tells it again.
#pragma once
#include "fault/wishes.hpp"

#include <boost/json/value.hpp>

#include <random>
#include <string>
#include <vector>

namespace fault {

/// None, one or two faults for the simulator's POST /faults. Each of them loses an answer: after the effect,
/// before it, in the middle of its own bytes, or because nobody can read it.
std::vector<boost::json::value> mishaps_of(const wish& what, const std::string& account, std::mt19937& dice);
/// The next init of this account is taken, and nobody can read the answer.
boost::json::value unreadable_init(const std::string& account, std::mt19937& dice);

} // namespace fault
