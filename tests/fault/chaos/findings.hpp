// What a chaos campaign found: figures of what happened, and each broken promise with its instances. Shared
// by all threads of the campaign.
#pragma once
#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace fault {

/// What must hold whatever dies. Each is checked by a function of its own (audit.hpp, load.hpp, turmoil.hpp).
enum class promise : std::size_t {
    one_post,         // at most one post for each write
    true_answers,     // a key that answers as posted is posted, one that says "not posted" is not
    answers_stay,     // the first answer of a key is the answer for good
    keys_end,         // no key stays in_progress
    doubts_end,       // a key in doubt with a known publish_id answers once the post has ended
    tokens_kept,      // no user is lost but by a kill while TikTok's answer with the new pair was on its way
    pairs_durable,    // a pair that was read is durable within milliseconds
    verdicts_stay,    // reconnect_required is said only where TikTok has refused the refresh token
    users_work,       // every user works or has to connect again, once all is quiet
    windows_kept,     // TikTok gets no call above its windows
    true_waits,       // who waits as told succeeds, if nothing is killed meanwhile
    rows_true,        // the ledger tells what TikTok has
    posts_listed,     // and all that TikTok has
    starts_succeed,   // also while the database is away
    stagings_succeed, // while another replica starts
    count
};
std::string name_of(promise which);

/// Figures without a judgement, in the order of the table.
enum class figure : std::size_t {
    kills,
    kills_at_steps,
    freezes,
    stops_at_steps,
    database_stops,
    starts,
    starts_without_database,
    users,
    users_lost_in_flight,
    users_lost_unstored,
    keyed_calls,
    posted,
    in_doubt,
    not_posted,
    unkeyed_calls,
    calls_asked,
    reads,
    calls_at_tiktok,
    refreshes,
    waits_told,
    waits_judged,
    waits_disturbed,
    waits_disturbed_untrue,
    stagings,
    stagings_disturbed,
    ledger_rows,
    ledger_rows_not_asked,
    longest_without_a_user_ms,
    longest_pair_unstored_ms,
    count
};
std::string name_of(figure which);

class findings {
public:
    void count(figure which, std::int64_t by = 1);
    void raise(figure which, std::int64_t at_least); // keeps the greatest
    std::int64_t of(figure which) const;

    void broken(promise which, const std::string& how);
    std::size_t times_broken(promise which) const;
    /// The first few instances.
    std::string told(promise which) const;

    /// A note for the table, such as the worst window of an endpoint.
    void note(const std::string& line);
    std::string table(const std::string& title) const;

private:
    mutable std::mutex lock_;
    std::array<std::int64_t, static_cast<std::size_t>(figure::count)> figures_{};
    std::array<std::vector<std::string>, static_cast<std::size_t>(promise::count)> broken_;
    std::vector<std::string> notes_;
};

} // namespace fault
