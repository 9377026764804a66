#include "pipeline/acting.hpp"

#include "connections/desk.hpp"

#include <algorithm>
#include <utility>

namespace gateway::pipeline {

task<result<user_id>> acting_user(connections::desk& desk, const settings::caller& by, user_id user,
                                  std::string creator_id, deadline until) {
    if (creator_id.empty()) co_return user;
    const auto own = co_await desk.show(user, until);
    if (!own) co_return own.error();
    if (own->account.text() == creator_id) co_return user;
    auto account = open_id::trusted(std::move(creator_id));
    const auto others = co_await desk.of_account(by, std::move(account), until);
    if (!others) co_return others.error();
    if (!others->empty()) co_return others->front().user;
    std::vector<field_fault> faults{{"creator_id",
                                     "is neither this user's open_id nor that of another connected user "
                                     "this key may use"}};
    co_return failure{errc::creator_not_authorized,
                      "TikTok lists the videos of connected users only; this creator is not one of them."}
        .fields(std::move(faults));
}

result<void> granted_any(std::string_view scopes, std::span<const std::string> granted) {
    std::vector<field_fault> faults;
    std::string_view rest = scopes;
    while (!rest.empty()) {
        const auto end = rest.find('|');
        const auto scope = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
        if (std::find(granted.begin(), granted.end(), scope) != granted.end()) return {};
        faults.push_back({std::string(scope), "is a scope the user did not grant"});
    }
    return failure{errc::missing_scope,
                   "The user did not grant " + faults.front().field + "; connect again with it."}
        .fields(std::move(faults));
}

} // namespace gateway::pipeline
