// TikTok's token endpoint behind a bad network: a request may be refused, lost before it arrives or after its
// effect, late, or answered with an error or half an answer. Checks that no replica breaks the rules. Owned
// by the refresh simulation; one thread.
#pragma once
#include "deterministic/token_history.hpp"
#include "deterministic/world.hpp"
#include "tiktok/oauth.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace gateway::simulation {

/// For this time after a pause a replica may still assume that it holds a lease.
constexpr seconds lease_and_more{75};

/// The data about one process, from its start to its end, for the checks.
struct life {
    std::uint64_t number = 0;
    steady_time began;
    bool over = false;
    steady_time ended_at{};
    std::vector<std::pair<steady_time, steady_time>> pauses; // from, until
    std::deque<steady_time> refreshes;        // recent ones; a second try after a lost answer does not count
    std::map<std::size_t, steady_time> ended; // by user: the last request

    bool stood_still_between(steady_time from, steady_time until) const {
        for (const auto& [began_at, over_at] : pauses)
            if (began_at <= until && over_at >= from) return true;
        return false;
    }
};

struct network_faults {
    microseconds fastest{5'000};
    microseconds slowest{400'000};
    std::uint64_t refused_permille = 0;     // no connection: nothing was sent
    std::uint64_t lost_before_permille = 0; // it did not reach TikTok
    std::uint64_t lost_after_permille = 0;  // TikTok acted, the answer was lost
    std::uint64_t silent_permille = 0;      // …without an error: the request waits until its deadline
    std::uint64_t half_permille = 0;        // TikTok acted, half of the answer came
    std::uint64_t error_permille = 0;       // 5xx or 429 without effect
    std::uint64_t late_error_permille = 0;  // 5xx after TikTok acted
    std::uint64_t unreadable_permille = 0;  // TikTok acted, and the answer is not readable HTTP
    std::uint64_t page_permille = 0;        // TikTok acted, and a proxy's page came instead of its answer
};

class token_endpoint {
public:
    token_endpoint(world& in, token_history& history) : world_(in), history_(history) {}

    /// `from` outlives the requests it sends.
    tiktok::send_form sender_of(life& from);

    network_faults faults;
    std::uint64_t requests = 0;
    double refresh_per_second = 0; // the maximum of one replica
    /// The user's pair that is in the vault now; to detect stale tokens.
    std::function<std::size_t(std::size_t user)> held_now;

private:
    void watch_pace(life& from, std::size_t user);

    struct fate;
    class flight;
    fate draw();
    outbound::reply judge(const std::string& refresh_token, const fate& how,
                          std::optional<std::size_t>& issued);
    task<result<outbound::reply>> serve(life& from, std::string request, deadline until);

    world& world_;
    token_history& history_;
    std::map<std::size_t, flight*> in_flight_; // by user
};

} // namespace gateway::simulation
