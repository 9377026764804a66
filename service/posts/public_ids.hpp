// The public ids of one post as the ledger keeps them: a JSON list of the ids that can be seen, and of those
// that went away with TikTok's time of it, `["77",{"gone":"88","at":1795000009}]`. Order of events is not
// promised (docs/tiktok-wire.md §7): without that time an older word, come late, would bring an id back.
// Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::posts {

class public_ids {
public:
    /// Whatever is no such list is an empty one.
    explicit public_ids(std::string_view json);

    /// `at_s` is the event's create_time. In one second the id counts as gone: better not shown than shown in
    /// vain.
    void appeared(const std::string& id, std::int64_t at_s);
    void went_away(const std::string& id, std::int64_t at_s);
    /// TikTok's own list, asked for: newer than every event before it.
    void are(const std::vector<std::string>& ids);

    const std::vector<std::string>& visible() const { return visible_; }
    /// TikTok has told of one, whether or not it can still be seen.
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
