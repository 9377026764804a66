// The public ids of one post in the ledger's format: a JSON list of the visible ids, and of those that
// disappeared, with TikTok's time of that event, `["77",{"gone":"88","at":1795000009}]`. The order of events
// is not guaranteed (docs/tiktok-wire.md §7): without that time, a late older event would restore an id.
// Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::posts {

class public_ids {
public:
    /// Any other text counts as an empty list.
    explicit public_ids(std::string_view json);

    /// `at_s` is the event's create_time. If both events have the same second, the id counts as gone, because
    /// an invalid id should not be shown.
    void appeared(const std::string& id, std::int64_t at_s);
    void went_away(const std::string& id, std::int64_t at_s);
    /// TikTok's list from a status query, which is newer than all earlier events.
    void are(const std::vector<std::string>& ids);

    const std::vector<std::string>& visible() const { return visible_; }
    /// Whether TikTok has reported an id, visible or not.
    bool any() const { return !visible_.empty() || !gone_.empty(); }
    std::string to_json() const;

private:
    struct departure {
        std::string id;
        std::int64_t at_s = 0;
    };
    departure* departure_of(std::string_view id);
    void forget_departure(const std::string& id);

    std::vector<std::string> visible_;
    std::vector<departure> gone_;
};

} // namespace gateway::posts
