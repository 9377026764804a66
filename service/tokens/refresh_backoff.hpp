// The state of one process between refreshes: which users have to wait after failures, and the pace of all
// refreshes together. Time is an argument. Not thread-safe: its owner locks.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <unordered_map>

namespace gateway::tokens {

class refresh_backoff {
public:
    /// `per_second`: refreshes of all users together.
    explicit refresh_backoff(double per_second) : per_second_(per_second) {}

    struct backoff {
        milliseconds left;
        failure why; // for a call that needs the refresh
    };
    /// Why no refresh of this user's pair of `version` may start now. `needed`: its access token has expired,
    /// so a mere postponement does not count any more.
    std::optional<backoff> blocked_by(const user_id& user, std::uint64_t version, bool needed,
                                      steady_time now) const;

    /// The token endpoint failed: all users wait, longer each time. `jitter` is 0…1.
    void endpoint_failed(failure why, std::optional<milliseconds> retry_after, steady_time now,
                         double jitter);
    /// The endpoint answered about one grant, so it works.
    void endpoint_answered() { endpoint_failures_ = 0; }
    /// What made the endpoint fail has changed: nobody waits for it any more.
    void forget_endpoint_failures();
    /// The endpoint failed on a request with this pair, possibly after rotating it.
    void rotation_possible(const user_id& user, std::uint64_t version, steady_time now);
    bool may_have_rotated(const user_id& user, std::uint64_t version) const;
    /// This pair was refused, or its outcome is unknown; the next try is later. A newer pair of the same user
    /// (a new grant) does not wait.
    void user_failed(const user_id& user, std::uint64_t version, failure why, steady_time now, double jitter);
    /// Lets this user's refresh wait in favour of more urgent ones.
    void postpone(const user_id& user, std::uint64_t version, failure why, milliseconds wait,
                  steady_time now);
    void succeeded(const user_id& user);

    /// A refresh starts. After a failure of the endpoint it is the probe, and others wait for its end.
    void started(const user_id& user);
    void ended(const user_id& user);

    /// Reserves the next turn for a refresh and gives the time until then.
    milliseconds reserve_turn(steady_time now);
    milliseconds next_turn_in(steady_time now) const;
    /// Reserves a turn again when the request is ready to be sent: the steps in between take different times,
    /// and TikTok must not receive the requests in bursts.
    milliseconds reserve_send_slot(steady_time now);

private:
    struct note {
        std::uint32_t failures = 0;
        std::uint64_t version = 0; // the pair that the failures and not_before belong to
        steady_time not_before{};
        bool only_postponed = false;
        failure why;
        std::uint64_t rotated_version = 0; // a pair that TikTok may have rotated
    };
    note& note_of(const user_id& user, steady_time now);
    milliseconds take(steady_time& next, steady_time now) const;
    note& entry_of(const user_id& user, std::uint64_t version, steady_time now);

    double per_second_;
    steady_time next_turn_{}, next_send_slot_{};
    std::uint32_t endpoint_failures_ = 0;
    steady_time endpoint_not_before_{};
    failure endpoint_why_;
    std::optional<user_id> probe_;
    std::unordered_map<user_id, note> users_;
};

} // namespace gateway::tokens
