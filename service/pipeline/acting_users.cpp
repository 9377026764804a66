#include "pipeline/acting_users.hpp"

#include "base/lists.hpp"
#include "connections/connection_service.hpp"
#include "user_api/api_client.hpp"

#include <algorithm>
#include <utility>

namespace gateway::pipeline {

void acting_users::prefetch(const user_id& user) const {
    tiktok_.prefetch(user);
}

bool acting_users::try_bind(const api::call& c, binding& into) const {
    if (c.input.has("creator_id")) return false;
    into.api.emplace(tiktok_, c.user, c.record, c.until);
    return into.api->try_bind();
}

task<result<void>> acting_users::bind(const api::call& c, binding& into) const {
    auto user = co_await user_of(c);
    if (!user) co_return user.error();
    into.acting = std::move(*user);
    into.api.emplace(tiktok_, into.acting, c.record, c.until);
    if (into.api->try_bind()) co_return result<void>{};
    co_return co_await into.api->bind();
}

task<result<user_id>> acting_users::user_of(const api::call& c) const {
    auto creator_id = c.input.text("creator_id");
    if (creator_id.empty()) co_return c.user;
    const auto own = co_await connections_.show(c.user, c.until);
    if (!own) co_return own.error();
    if (own->account.text() == creator_id) co_return c.user;
    auto account = open_id::trusted(std::move(creator_id));
    const auto others = co_await connections_.of_account(c.by, std::move(account), c.until);
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
        const auto scope = next_piece(rest, '|');
        if (std::find(granted.begin(), granted.end(), scope) != granted.end()) return {};
        faults.push_back({std::string(scope), "is a scope the user did not grant"});
    }
    std::string message = "The user did not grant " + faults.front().field + "; connect again with it.";
    return failure{errc::missing_scope, std::move(message)}.fields(std::move(faults));
}

} // namespace gateway::pipeline
