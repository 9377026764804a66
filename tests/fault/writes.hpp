// Many users write at the same time while the simulator loses answers, determined by a seed; each caller
// repeats its call with the same key, at any replica. After every write the simulator's history of that
// account is checked.
#pragma once
#include "fault/keyed_calls.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace fault {

/// The deadline of a write in the gateway's settings.
inline constexpr gateway::milliseconds write_deadline{4'000};

struct write_counts {
    std::size_t writes = 0;
    std::size_t answers_lost = 0;   // at TikTok, of inits and chunks
    std::size_t asked = 0;          // by callers, repeats included
    std::size_t certain = 0;        // no answer was lost that shows whether it is posted
    std::size_t posted = 0;         // answered as posted, and TikTok has exactly one post
    std::size_t unknown = 0;        // answered outcome_unknown
    std::size_t unknown_posted = 0; // of those: it is there
    std::vector<std::string> violations;
};

/// One campaign; its calls are made from several threads.
class write_campaign {
public:
    /// `replicas` share one store. `w` outlives the campaign.
    write_campaign(harness::world& w, std::vector<const harness::gateway_process*> replicas,
                   std::uint32_t seed);

    /// All writes of one user, one after the other.
    void write_as(std::size_t user, std::size_t writes);
    const write_counts& counts() const { return counts_; }

private:
    /// The effects of one write at TikTok: the account's requests since the last write, and its posts.
    struct seen {
        boost::json::array requests;
        int whole_posts = 0;
    };
    harness::answer ask_until_told(const keyed_call& what, std::mt19937& dice);
    harness::answer ask_any(const keyed_call& what, bool patient);
    seen look_at_tiktok(const keyed_call& what, const std::string& account, std::int64_t& last_request);
    void judge(const keyed_call& what, const harness::answer& got, const seen& by,
               gateway::milliseconds took);
    void ask_for_status(const keyed_call& what, const harness::answer& got);
    void ask_again(const keyed_call& what, const harness::answer& first);
    void wrong(const keyed_call& what, const std::string& why, const harness::answer& got);

    harness::world& w_;
    const std::vector<const harness::gateway_process*> replicas_;
    const std::uint32_t seed_;
    std::atomic<std::size_t> turn_{0}; // callers go to each replica in turn
    std::mutex lock_;                  // for the counts
    write_counts counts_;
};

} // namespace fault
