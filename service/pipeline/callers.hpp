// Who may call: the callers of the settings with the hashes of their keys. Keys themselves are nowhere. Built
// by main from one snapshot of the settings, which outlives it; read-only, so every worker shares one.
#pragma once
#include "base/digest.hpp"
#include "limits/window.hpp"
#include "settings/settings.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace gateway::pipeline {

class caller_book {
public:
    struct entry {
        const settings::caller* who;
        sha256_bytes key_hash;
        std::uint8_t quota; // the class of its quota in the window table
    };

    /// Throws std::invalid_argument for a key_sha256 that is not 64 hex characters (the settings' check says
    /// it better and earlier).
    explicit caller_book(const std::vector<settings::caller>& callers);

    /// Null: no such key. Compares with every hash in constant time, so that neither the place in the list
    /// nor a common beginning shows (failure-catalogue C28). Without callers in the settings everybody is
    /// `anonymous()`.
    const entry* find(std::string_view key) const;
    bool open() const { return entries_.empty(); }
    const entry& anonymous() const { return anonymous_; }

    /// For the window table of callers' quotas: requests a minute. Callers with equal figures share a class.
    const std::vector<limits::window_rule>& quota_rules() const { return rules_; }

private:
    std::uint8_t quota_class(std::uint32_t requests_per_minute);

    settings::caller anyone_;
    std::vector<limits::window_rule> rules_;
    std::vector<entry> entries_;
    entry anonymous_;
};

} // namespace gateway::pipeline
