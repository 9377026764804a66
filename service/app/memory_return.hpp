// When the process gives memory back to the system. Looking for it and giving it back hold the locks of the
// allocator, for as long as the heap is large, so clients who only come and go must not be able to ask for it
// again and again. Pure.
#pragma once
#include "base/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace gateway::app {

class memory_return_policy {
public:
    /// Whether many connections have gone since the last try, none is going now, and the last try is long
    /// ago. Call once a second with those that are open.
    bool is_due(std::uint32_t open, steady_time now) {
        const bool falls = open < open_;
        open_ = open;
        most_ = std::max(most_, open);
        return !falls && most_ - open >= connections_gone_min && (!tried_ || now - *tried_ >= every);
    }
    /// What the rest leaves behind that was going at that time is looked for once more.
    void tried(steady_time now) {
        tried_ = now;
        most_ = std::min(most_, open_ + connections_gone_min - 1);
    }
    /// Whether it pays: what the process holds, and what of it is in use.
    static bool pays(std::size_t held_bytes, std::size_t used_bytes) {
        return held_bytes > used_bytes && held_bytes - used_bytes >= unused_bytes_min;
    }

    static constexpr seconds every{60};
    static constexpr std::uint32_t connections_gone_min = 256;
    static constexpr std::size_t unused_bytes_min = 16 * 1024 * 1024;

private:
    std::uint32_t most_ = 0; // since the last try, or a little less than what makes it due again
    std::uint32_t open_ = 0;
    std::optional<steady_time> tried_;
};

} // namespace gateway::app
