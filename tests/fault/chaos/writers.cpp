// The load's writes: with a key they are repeated, at any replica, until their result is told.
#include "fault/chaos/load.hpp"

#include <algorithm>
#include <stdexcept>

namespace fault {
namespace {

using gateway::milliseconds;
using gateway::seconds;
using gateway::steady_now;

constexpr milliseconds pause{120}, ask_again_after{250};
constexpr seconds give_up_after{40}; // the audit asks for it at the end
constexpr std::size_t pending_most = 4, smallest_bytes = 20'000;
constexpr unsigned without_key_in = 10;
constexpr keyed_call_kind kinds[] = {keyed_call_kind::inbox_upload, keyed_call_kind::direct_upload,
                                     keyed_call_kind::photos, keyed_call_kind::pull};

bool says_not_durable(const harness::answer& got) {
    return got.body.find("could not be stored yet") != std::string::npos;
}

} // namespace

load::load(const replica_set& replicas, user_book& users, ending& over, findings& found, std::uint32_t seed)
    : replicas_(replicas), users_(users), over_(over), found_(found), seed_(seed) {}

std::vector<remembered_write> load::writes() const {
    const std::lock_guard guard(lock_);
    return writes_;
}

void load::remember(remembered_write one) {
    const std::lock_guard guard(lock_);
    writes_.push_back(std::move(one));
}

keyed_call load::new_write(const std::string& user, std::mt19937& dice) {
    const auto number = written_++;
    keyed_call one{.kind = kinds[dice() % std::size(kinds)], .user = user};
    one.key = user + "-write-" + std::to_string(number);
    one.size_bytes = smallest_bytes + number; // unique in the campaign
    return one;
}

void load::note_answer(remembered_write& known, const harness::answer& got) const {
    if (got.status != 200 || known.told_posted) return;
    known.told_posted = true;
    known.told_undurable = says_not_durable(got);
    known.publish_id = got.text_at("data.publish_id");
}

bool load::ask_once(pending_write& one) {
    const auto& what = one.known.what;
    const auto got = ask_any([&](const harness::http_client& api) { return ask_for(api, what); });
    found_.count(figure::calls_asked);
    note_answer(one.known, got);
    if (got.code() == "reconnect_required") users_.told_to_reconnect(what.user);
    const auto retryable = got.at("problem.retryable");
    const bool again = got.status == 0 || (retryable.is_bool() && retryable.get_bool());
    if (!again || !what.keyed) return true;
    auto wait = ask_again_after;
    if (const auto told = got.at("problem.retry_after_ms"); told.is_int64())
        wait = std::max(wait, milliseconds{told.get_int64()});
    one.due = steady_now() + wait;
    return one.due > one.give_up;
}

void load::write(std::size_t number) {
    std::mt19937 dice(seed_ + static_cast<std::uint32_t>(number));
    std::vector<pending_write> pending;
    while (!over_.within(pause)) {
        const auto now = steady_now();
        auto due = std::find_if(pending.begin(), pending.end(),
                                [now](const pending_write& one) { return one.due <= now; });
        if (due == pending.end()) {
            if (pending.size() == pending_most) continue;
            pending.push_back(
                {.known = {.what = new_write(users_.pick(dice()), dice)}, .give_up = now + give_up_after});
            due = pending.end() - 1;
            if (dice() % without_key_in == 0) due->known.what.keyed = false;
        }
        if (!ask_once(*due)) continue;
        remember(std::move(due->known));
        pending.erase(due);
    }
    for (auto& one : pending)
        remember(std::move(one.known));
}

} // namespace fault
