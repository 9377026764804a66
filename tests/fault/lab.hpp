// The fault lab (docs/promises.md §10): a real gateway is killed at a named step or at a random moment while
// callers write; it is started again, and the same calls are repeated. The simulator's history then shows
// whether a token was lost or a post made twice. Every round is determined by its seed.
#pragma once
#include "fault/keyed_calls.hpp"
#include "harness/postgresql_server.hpp"
#include "harness/world.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace fault {

/// Limits of gateway and simulator so large that the lab never reaches them.
inline constexpr const char* wide_windows =
    "limits:\n  tiktok: {user_info_per_minute: 10000000, creator_info_per_minute: 10000000, "
    "video_init_per_minute: 10000000, "
    "inbox_init_per_minute: 10000000, content_init_per_minute: 10000000, status_fetch_per_minute: "
    "10000000, pending_shares_per_day: 0}\n";
inline constexpr const char* wide_tiktok =
    "limits: {display_per_minute: 10000000, creator_info_per_minute: 10000000, init_per_minute: 10000000, "
    "status_per_minute: 10000000, posts_per_day: 10000000, drafts_per_day: 10000000}\n"
    "timing: {processing_ms: 20, moderation_ms: 20, pull_start_ms: 600000, lag_ms: 300}\n";

struct plan {
    std::uint32_t seed = 0;
    std::string step;       // a failpoint; empty: killed at a random moment
    int hit = 1;            // the kill comes at this hit of the failpoint
    bool refreshes = false; // the users' access tokens are expired, so that the first calls refresh
    std::string rotation;   // how TikTok rotates: none, grace, strict, strict_family, lag
};
std::string told(const plan& what);

/// The store of the gateways, and which gateway continues after a kill.
struct scene {
    harness::postgresql_server* database = nullptr; // null: SQLite
    bool heir =
        false; // with a database: the killed gateway stays down, and another replica must settle its work
};

struct tally {
    int rounds = 0;
    int killed = 0;      // the step or the random moment was reached
    int keyed_calls = 0; // calls with a key, each of which ends as one of the next three
    int posted = 0;      // answered as posted, and TikTok has exactly one post
    int unknown = 0;     // answered outcome_unknown
    int of_lost_users = 0;
    int unknown_posted = 0; // of the unknown: TikTok has exactly one post
    int certain = 0;        // calls that no fault and no kill left in doubt, so they must be posted
    int users_lost =
        0; // lost as documented: TikTok had rotated, and its answer had not arrived; reported with the cause
    gateway::milliseconds slowest_heir{0}; // from the end of all leases until everything was settled
    std::vector<std::string> violations;
};

class lab {
public:
    lab(std::string gateway_program, std::string simulator_program, scene on = {});
    void run(const plan& what, tally& into);

private:
    struct user {
        std::string name, account;
    };
    void make_world();
    /// A client of the gateway that runs after the kill: the same one started again, or the other replica.
    harness::http_client survivor();
    std::vector<user> connect_users(const plan& what);
    /// The answer to each keyed_call; its status is 0 where the kill came first.
    std::vector<harness::answer> ask_until_killed(const plan& what, const std::vector<user>& users,
                                                  const std::vector<keyed_call>& keyed_calls,
                                                  std::mt19937& dice, tally& into);
    /// Lets the leases of the killed gateway expire. With another replica, waits until that has settled
    /// everything.
    void let_the_dead_be_dead(const plan& of, tally& into);
    /// `first`: the answer before the kill; `history`: TikTok's, at the kill. Gives the number of posts that
    /// are answered as posted.
    int check_keyed_call(const plan& of, const keyed_call& what, const harness::answer& first,
                         const boost::json::object& history, tally& into);
    /// The calls that had passed the step before the kill are answered as posted.
    void check_ended(const plan& of, const std::vector<keyed_call>& keyed_calls,
                     const boost::json::object& history, int posted, tally& into);
    void check_user(const plan& of, const user& who, tally& into);
    bool rotated_for(const user& who, const boost::json::object& history) const;

    std::string gateway_program_, simulator_program_;
    scene on_;
    std::unique_ptr<harness::world> w_; // replaced every few rounds, because histories grow
    std::string schema_;                // of that world
    std::string armed_at_;              // when the gateway of this round started, by the database's clock
    harness::gateway_process* heir_ = nullptr;
    int worlds_made_ = 0;
    int rounds_in_world_ = 0;
    int users_made_ = 0;
    std::set<std::string> lost_; // users who have to connect again, as documented
    std::size_t next_size_ = 20'000;
};

} // namespace fault
