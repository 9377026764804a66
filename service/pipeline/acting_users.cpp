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
    auto creator = open_id::trusted(c.input.text("creator_id"));
    auto user = co_await user_of(c, creator);
    if (!user) co_return user.error();
    into.acting = std::move(*user);
    into.api.emplace(tiktok_, into.acting, c.record, c.until);
    // The user may have another account by the time the tokens are taken.
    if (!creator.empty()) into.api->require_account(std::move(creator));
    if (into.api->try_bind()) co_return result<void>{};
    co_return co_await into.api->bind();
}

task<result<user_id>> acting_users::user_of(const api::call& c, open_id creator) const {
    if (creator.empty()) co_return c.user;
    const auto own = co_await connections_.show(c.user, c.until);
    if (!own) co_return own.error();
    if (own->account == creator) co_return c.user;
    const auto others = co_await connections_.of_account(c.by, std::move(creator), c.until);
    if (!others) co_return others.error();
    if (others->empty()) co_return user_api::creator_not_connected();
    co_return others->front().user;
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
