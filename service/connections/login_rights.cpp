#include "connections/login_rights.hpp"

#include "base/pattern.hpp"
#include "base/url_rules.hpp"
#include "store/logins.hpp"

#include <utility>

namespace gateway::connections {
namespace {

bool may_do(const settings::caller& by, std::string_view action, const user_id& user) {
    return matches_any(by.actions, action) && matches_any(by.users, user.text());
}

} // namespace

void login_rights::change_callers(find_caller callers) {
    auto fresh = std::make_shared<const find_caller>(std::move(callers));
    const std::lock_guard guard(lock_);
    callers_.swap(fresh);
}

std::optional<settings::caller> login_rights::named(std::string_view name) const {
    std::unique_lock guard(lock_);
    const auto callers = callers_;
    guard.unlock();
    return callers ? (*callers)(name) : std::nullopt;
}

bool login_rights::may_return_to(const std::string& url, const settings::caller& by) const {
    return is_url_under(url, public_url_) || is_url_under_any(url, by.return_url_prefixes);
}

std::optional<settings::caller> login_rights::caller_of(const store::oauth_state_record& login) const {
    auto by = named(login.caller.text());
    if (!by || !may_do(*by, "GATEWAY_CONNECT", login.user)) return std::nullopt;
    const bool returns = !login.return_url.empty();
    if (returns && !may_return_to(login.return_url, *by)) return std::nullopt;
    if (!returns && by->confirm_logins) return std::nullopt; // nobody could confirm it
    return by;
}

bool login_rights::may_connect_at_once(const store::oauth_state_record& login) const {
    const auto by = caller_of(login);
    return by && !login.confirm && !by->confirm_logins;
}

bool login_rights::may_confirm(const caller_name& caller, const user_id& user) const {
    const auto by = named(caller.text());
    return by && may_do(*by, "GATEWAY_CONFIRM", user);
}

} // namespace gateway::connections
