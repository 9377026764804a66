#include "store/user_ranges.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace gateway::store {
namespace {

constexpr std::string_view after_all_ids = "\x7f"; // sorts after every character of a user_id

user_range range_of(std::string_view pattern) {
    const auto star = pattern.find('*');
    const std::string head(pattern.substr(0, star));
    if (star == std::string_view::npos) return {head, just_after(head), true};
    const bool all_match = pattern.find_first_not_of('*', star) == std::string_view::npos;
    if (head.empty()) return {{}, std::string(after_all_ids), all_match};
    std::string to = head;
    ++to.back(); // sorts after everything that begins with `head`
    return {head, to, all_match};
}

/// Sorts a range before those inside it.
bool comes_before(const user_range& one, const user_range& other) {
    return std::tie(one.from, other.to, other.all_match) < std::tie(other.from, one.to, one.all_match);
}

} // namespace

std::vector<user_range> ranges_of(const std::vector<std::string>& patterns) {
    std::vector<user_range> all;
    std::transform(patterns.begin(), patterns.end(), std::back_inserter(all), range_of);
    std::sort(all.begin(), all.end(), comes_before);
    std::vector<user_range> out;
    // Ranges of two prefixes are either disjoint, or one is inside the other.
    for (auto& one : all)
        if (out.empty() || one.from >= out.back().to) out.push_back(std::move(one));
    return out;
}

} // namespace gateway::store
