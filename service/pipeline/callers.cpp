#include "pipeline/callers.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace gateway::pipeline {

caller_book::caller_book(const std::vector<settings::caller>& callers) : anonymous_{&anyone_, {}, 0} {
    anyone_.name = "anonymous";
    entries_.reserve(callers.size());
    for (const auto& each : callers) {
        const auto hash = from_hex(each.key_sha256);
        sha256_bytes bytes{};
        if (!hash || hash->size() != bytes.size())
            throw std::invalid_argument("callers: key_sha256 of " + each.name + " is not 64 hex characters");
        std::memcpy(bytes.data(), hash->data(), bytes.size());
        entries_.push_back({&each, bytes, quota_class(each.requests_per_minute)});
    }
}

std::uint8_t caller_book::quota_class(std::uint32_t requests_per_minute) {
    for (std::size_t i = 0; i < rules_.size(); ++i)
        if (rules_[i].limit == requests_per_minute) return static_cast<std::uint8_t>(i);
    // 255 different figures are more than anybody means; what comes after shares the last one's class.
    if (rules_.size() < std::numeric_limits<std::uint8_t>::max())
        rules_.push_back({.limit = requests_per_minute, .length = seconds{60}});
    return static_cast<std::uint8_t>(rules_.size() - 1);
}

const caller_book::entry* caller_book::find(std::string_view key) const {
    if (open()) return &anonymous_;
    const auto hash = sha256(key);
    const entry* found = nullptr;
    for (const auto& each : entries_) // all of them: no early end
        if (equal_in_constant_time(as_text(hash), as_text(each.key_hash))) found = &each;
    return key.empty() ? nullptr : found;
}

} // namespace gateway::pipeline
