#include "fault/chaos/findings.hpp"

#include <algorithm>

namespace fault {
namespace {

constexpr std::size_t kept_instances = 40, told_instances = 8;

constexpr std::array promise_names{
    "at most one post for each write",
    "a key tells what TikTok has",
    "the first answer of a key stays its answer",
    "no key stays in_progress",
    "a key in doubt tells the end of its post",
    "no token lost that TikTok's answer did not take with it",
    "a pair that was read is durable within milliseconds",
    "reconnect_required is never withdrawn",
    "every user works, or is told to connect again",
    "no call above TikTok's windows",
    "the waits told are true",
    "each row of the ledger is as TikTok has it",
    "the ledger lists all posts",
    "every start succeeds",
    "starts break no staging of others",
};
static_assert(promise_names.size() == static_cast<std::size_t>(promise::count));

constexpr std::array figure_names{
    "kills",
    "  of them at a step",
    "freezes (SIGSTOP)",
    "  of them at a step",
    "stops of the database",
    "starts",
    "  of them without the database",
    "users",
    "  lost with TikTok's answer in flight",
    "  lost with the answer read and not yet durable",
    "keyed calls",
    "  posted",
    "  in doubt",
    "  not posted",
    "calls without a key",
    "writes asked, repeats included",
    "reads",
    "calls at TikTok",
    "  of them refreshes",
    "waits told to clients that obey",
    "  judged: nothing was killed or frozen meanwhile",
    "  disturbed",
    "    of them untrue",
    "stagings",
    "  disturbed",
    "rows of the ledger",
    "  whose status could not be asked",
    "longest time without a user's profile, ms",
    "longest time a lost pair was read and not durable, ms",
};
static_assert(figure_names.size() == static_cast<std::size_t>(figure::count));

std::string row(const std::string& name, const std::string& value) {
    constexpr std::size_t width = 58;
    return "  " + name + std::string(width - std::min(width, name.size()), ' ') + value + "\n";
}

} // namespace

std::string name_of(promise which) {
    return promise_names.at(static_cast<std::size_t>(which));
}

std::string name_of(figure which) {
    return figure_names.at(static_cast<std::size_t>(which));
}

void findings::count(figure which, std::int64_t by) {
    const std::lock_guard guard(lock_);
    figures_.at(static_cast<std::size_t>(which)) += by;
}

void findings::raise(figure which, std::int64_t at_least) {
    const std::lock_guard guard(lock_);
    auto& value = figures_.at(static_cast<std::size_t>(which));
    value = std::max(value, at_least);
}

std::int64_t findings::of(figure which) const {
    const std::lock_guard guard(lock_);
    return figures_.at(static_cast<std::size_t>(which));
}

void findings::broken(promise which, const std::string& how) {
    const std::lock_guard guard(lock_);
    auto& all = broken_.at(static_cast<std::size_t>(which));
    all.push_back(all.size() < kept_instances ? how.substr(0, 900) : "");
}

std::size_t findings::times_broken(promise which) const {
    const std::lock_guard guard(lock_);
    return broken_.at(static_cast<std::size_t>(which)).size();
}

std::string findings::told(promise which) const {
    const std::lock_guard guard(lock_);
    const auto& all = broken_.at(static_cast<std::size_t>(which));
    std::string text = name_of(which) + ": broken " + std::to_string(all.size()) + " times";
    for (std::size_t i = 0; i < std::min(all.size(), told_instances); ++i)
        text += "\n    " + all[i];
    return text;
}

void findings::note(const std::string& line) {
    const std::lock_guard guard(lock_);
    notes_.push_back(line);
}

std::string findings::table(const std::string& title) const {
    const std::lock_guard guard(lock_);
    std::string text = "== " + title + "\n";
    for (std::size_t i = 0; i < figures_.size(); ++i)
        text += row(figure_names.at(i), std::to_string(figures_.at(i)));
    for (const auto& each : notes_)
        text += "  " + each + "\n";
    text += "  broken promises\n";
    for (std::size_t i = 0; i < broken_.size(); ++i)
        text += row(std::string("  ") + promise_names.at(i), std::to_string(broken_.at(i).size()));
    return text;
}

} // namespace fault
