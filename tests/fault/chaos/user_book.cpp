#include "fault/chaos/user_book.hpp"

#include <algorithm>
#include <stdexcept>

namespace fault {
namespace {

using gateway::milliseconds;
constexpr milliseconds import_patience{10'000}, ask_again_after{100};
constexpr std::string_view user_prefix = "user-", account_prefix = "account";

} // namespace

std::string account_of(const std::string& user) {
    return std::string(account_prefix) + user.substr(user_prefix.size());
}

user_book::user_book(harness::world& w, const replica_set& replicas, ending& over, findings& found)
    : w_(w), replicas_(replicas), over_(over), found_(found) {}

bool user_book::import(const chaos_user& one) {
    const auto tokens = w_.tiktok().make_tokens({{"account", one.account}});
    for (auto turn = made_.load(); !over_.has_come(); ++turn) {
        const auto api = replicas_.client(turn % replicas_.count(), import_patience);
        try {
            if (api && api->put("/v1/users/" + one.name + "/tokens", tokens).status == 200) return true;
        } catch (const std::runtime_error&) { // killed meanwhile
        }
        over_.within(ask_again_after);
    }
    return false;
}

std::optional<std::string> user_book::make() {
    const auto number = std::to_string(++made_);
    const chaos_user one{std::string(user_prefix) + number, std::string(account_prefix) + number};
    w_.tiktok().control().post("/accounts", boost::json::object{{"username", one.account}});
    if (!import(one)) return std::nullopt;
    found_.count(figure::users);
    const std::lock_guard guard(lock_);
    all_.push_back(one);
    return one.name;
}

void user_book::fill(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto name = make();
        if (!name) return;
        const std::lock_guard guard(lock_);
        picked_from_.push_back(*name);
    }
}

std::string user_book::pick(std::size_t roll) const {
    const std::lock_guard guard(lock_);
    return picked_from_.at(roll % picked_from_.size());
}

void user_book::told_to_reconnect(const std::string& name) {
    {
        const std::lock_guard guard(lock_);
        const auto known =
            std::find_if(all_.begin(), all_.end(), [&](const chaos_user& one) { return one.name == name; });
        if (known == all_.end() || known->told_to_reconnect) return;
        known->told_to_reconnect = true;
    }
    const auto heir = make();
    if (!heir) return;
    const std::lock_guard guard(lock_);
    std::replace(picked_from_.begin(), picked_from_.end(), name, *heir);
}

std::vector<chaos_user> user_book::all() const {
    const std::lock_guard guard(lock_);
    return all_;
}

} // namespace fault
