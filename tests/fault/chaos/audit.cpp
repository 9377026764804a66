// Windows and users.
#include "fault/chaos/audit.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>

namespace fault {
namespace {

using gateway::milliseconds;
using gateway::seconds;
using gateway::steady_now;

constexpr milliseconds call_patience{20'000}, user_patience{20'000};
constexpr std::size_t threads_at_once = 4;
// Longer is no accident of the moment of a kill, but a pair that waits in memory.
constexpr milliseconds pair_is_durable_within{250};

bool means_ask_again(const harness::answer& got) {
    const auto retryable = got.at("problem.retryable");
    return got.status == 0 || got.code() == "in_progress"
           || (got.status != 429 && retryable.is_bool() && retryable.get_bool());
}

} // namespace

void for_each_at_once(std::size_t count, const std::function<void(std::size_t)>& each) {
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < threads_at_once; ++i)
        threads.emplace_back([&] {
            for (auto at = next++; at < count; at = next++)
                each(at);
        });
}

audit::audit(harness::world& w, const replica_set& replicas, findings& found)
    : w_(w), replicas_(replicas), found_(found) {}

tiktok_truth audit::truth() const {
    auto history = w_.tiktok().history();
    return tiktok_truth(std::move(history));
}

harness::answer audit::ask_until_final(const load::call_function& ask, milliseconds patience) const {
    const auto end = steady_now() + patience;
    ending never;
    harness::answer got;
    for (std::size_t turn = 0;; ++turn) {
        const auto api = replicas_.client(turn % replicas_.count(), call_patience);
        try {
            got = api ? ask(*api) : harness::answer{};
        } catch (const std::runtime_error&) { // it has ended, which nobody asked it to
            got = {};
        }
        if (!means_ask_again(got) || steady_now() >= end) return got;
        never.within(milliseconds{100});
    }
}

void audit::look_at_windows() {
    const auto by = truth();
    found_.count(figure::calls_at_tiktok, static_cast<std::int64_t>(by.calls()));
    found_.count(figure::refreshes, static_cast<std::int64_t>(by.refreshes()));
    for (const auto& each : by.windows()) {
        const auto& worst = each.value().as_object();
        const auto line = std::string(each.key()) + ": at most " + std::to_string(number_in(worst, "calls"))
                          + " calls of a user in a minute, of " + std::to_string(number_in(worst, "limit"));
        found_.note(line);
        if (number_in(worst, "above") > 0)
            found_.broken(promise::windows_kept, line + " (" + text_in(worst, "account") + "); "
                                                     + std::to_string(number_in(worst, "above"))
                                                     + " calls above the limit in all");
    }
}

void audit::look_at_users(const std::vector<chaos_user>& users) {
    std::vector<harness::answer> told(users.size());
    for_each_at_once(users.size(), [&](std::size_t i) {
        const auto target = "/v1/users/" + users[i].name + "/info";
        const auto ask = [&](const harness::http_client& api) { return api.get(target); };
        told[i] = ask_until_final(ask, user_patience);
    });
    const auto by = truth();
    for (std::size_t i = 0; i < users.size(); ++i) {
        const auto& who = users[i];
        const bool works = told[i].status == 200 || told[i].status == 429;
        const bool lost = told[i].code() == "reconnect_required";
        if (works && who.told_to_reconnect && !by.refused_a_refresh(who.account))
            found_.broken(promise::verdicts_stay, who.name + " was told to connect again, and works");
        if (!works && !lost) found_.broken(promise::users_work, who.name + ": " + told[i].raw.substr(0, 600));
        if (lost) judge_lost_user(who, told[i].raw.substr(0, 600), by);
    }
}

/// TikTok's answer with the newest pair decides: a replica that was killed before it had read the answer
/// could not keep the pair; one that was killed later could.
void audit::judge_lost_user(const chaos_user& who, const std::string& told, const tiktok_truth& by) {
    const auto rotation = by.last_rotation(who.account);
    const auto kills = replicas_.kill_times_ms();
    const auto next_kill = [&](std::int64_t after_ms) {
        return std::find_if(kills.begin(), kills.end(), [&](std::int64_t at) { return at >= after_ms; });
    };
    if (!rotation || next_kill(rotation->came_ms) == kills.end()) {
        found_.broken(promise::tokens_kept, who.name + ": no kill explains it: " + told);
        return;
    }
    const auto kill = next_kill(rotation->came_ms);
    if (rotation->answered_ms == 0 || rotation->unread || *kill <= rotation->answered_ms) {
        found_.count(figure::users_lost_in_flight);
        return;
    }
    const milliseconds unstored{*kill - rotation->answered_ms};
    found_.count(figure::users_lost_unstored);
    found_.raise(figure::longest_pair_unstored_ms, unstored.count());
    if (unstored > pair_is_durable_within)
        found_.broken(promise::pairs_durable, who.name + ": a kill came " + std::to_string(unstored.count())
                                                  + " ms after TikTok's answer was read: " + told);
}

} // namespace fault
