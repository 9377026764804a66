// Writes what is learned of posts' statuses into the ledger, and counts how posts came to their ends. Owned
// by the service; any thread.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "store/ledger.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gateway::posts {

/// How the gateway learned of a status.
enum class learned_by : std::uint8_t { webhook, poll, wait, call, timeout };
inline constexpr std::array<std::string_view, 5> learned_by_names{"webhook", "poll", "wait", "call",
                                                                  "timeout"};

class status_book {
public:
    explicit status_book(store::ledger& ledger) : ledger_(ledger) {}

    store::ledger& ledger() const { return ledger_; }
    /// As store::ledger::apply_status.
    task<result<store::update_result>> write(store::status_update told, learned_by how, deadline until);
    /// Posts that came to an end, or into the creator's inbox, or were given up; by how it was learned.
    std::uint64_t settled(learned_by how) const {
        return settled_[static_cast<std::size_t>(how)].load(std::memory_order_relaxed);
    }

private:
    store::ledger& ledger_;
    std::array<std::atomic<std::uint64_t>, learned_by_names.size()> settled_{};
};

} // namespace gateway::posts
