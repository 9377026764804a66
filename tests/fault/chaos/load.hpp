// The clients of a chaos campaign, each on a thread of its own: writers repeat a call with its key until they
// are told, readers and greedy ones ask all the time, obedient ones wait as they are told, and stagers send
// their bytes slowly. They remember what they were answered; the audit judges it at the end.
#pragma once
#include "fault/chaos/ending.hpp"
#include "fault/chaos/findings.hpp"
#include "fault/chaos/replica_set.hpp"
#include "fault/chaos/user_book.hpp"
#include "fault/keyed_calls.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace fault {

/// One write and what its caller heard so far.
struct remembered_write {
    keyed_call what;
    std::string publish_id; // of the first answer as posted
    bool told_posted = false;
    bool told_undurable = false; // that answer said that it was not durable yet
};

class load {
public:
    using call_function = std::function<harness::answer(const harness::http_client&)>;

    load(const replica_set& replicas, user_book& users, ending& over, findings& found, std::uint32_t seed);

    // Each runs until the end comes.
    void write(std::size_t number);
    void read(std::size_t number);
    void ask_greedily(std::size_t number);
    /// `user` belongs to this client alone.
    void wait_as_told(std::size_t number, const std::string& user);
    void stage(std::size_t number);

    std::vector<remembered_write> writes() const;

private:
    struct pending_write {
        remembered_write known;
        gateway::steady_time due{};
        gateway::steady_time give_up{};
    };
    keyed_call new_write(const std::string& user, std::mt19937& dice);
    /// Asks the next replica. Status 0: no answer came.
    harness::answer ask_any(const call_function& ask);
    /// Whether the write is told for good, or was left for the end.
    bool ask_once(pending_write& one);
    void note_answer(remembered_write& known, const harness::answer& got) const;
    void remember(remembered_write one);
    void look_at_read(const std::string& user, const harness::answer& got);
    /// Asks again after the wait that `got` tells, and judges it.
    void obey(const std::string& what, const harness::answer& got,
              const std::function<harness::answer()>& ask);
    harness::answer stage_slowly(const harness::http_client& api, std::size_t pieces);

    const replica_set& replicas_;
    user_book& users_;
    ending& over_;
    findings& found_;
    const std::uint32_t seed_;
    std::atomic<std::size_t> turn_{0};
    std::atomic<std::size_t> written_{0};
    mutable std::mutex lock_; // for all below
    std::vector<remembered_write> writes_;
    std::map<std::string, gateway::steady_time> without_profile_since_; // by user
};

/// TikTok's window of the user is used up, and the answer says how long to wait.
bool is_window_full(const harness::answer& got);

} // namespace fault
