// Random faults at TikTok for one write. They depend only on the dice, so a seed reproduces them.
#pragma once
#include "fault/keyed_calls.hpp"

#include <boost/json/value.hpp>

#include <random>
#include <string>
#include <vector>

namespace fault {

/// None, one or two faults for the simulator's POST /faults. Each loses an answer: after the request's
/// effect, before it, in the middle of the answer, or because the answer cannot be read.
std::vector<boost::json::value> mishaps_of(const keyed_call& what, const std::string& account,
                                           std::mt19937& dice);
/// The next init of this account has its effect, but its answer cannot be read.
boost::json::value unreadable_init(const std::string& account, std::mt19937& dice);

} // namespace fault
