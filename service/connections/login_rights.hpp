// What the caller of a login may do, by the settings of the moment. Asked on the worker's thread, and by the
// store, on any thread, in the unit that stores a grant: the store may have taken its time, and the settings
// were loaded anew meanwhile. Shared by the service of a worker and the units that it has begun.
#pragma once
#include "base/ids.hpp"
#include "settings/settings.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::store {
struct oauth_state_record;
}

namespace gateway::connections {

/// The caller of that name as the settings are now; nothing if there is none any more. On any thread.
using find_caller = std::function<std::optional<settings::caller>(std::string_view name)>;

class login_rights {
public:
    /// `public_url`, of this gateway: a return_url may lie under it.
    explicit login_rights(std::string public_url) : public_url_(std::move(public_url)) {}
    login_rights(const login_rights&) = delete;
    login_rights& operator=(const login_rights&) = delete;

    /// Before the first change there is no caller.
    void change_callers(find_caller callers);

    bool may_return_to(const std::string& url, const settings::caller& by) const;
    /// The login's caller, if it may have the login as it was begun.
    std::optional<settings::caller> caller_of(const store::oauth_state_record& login) const;
    /// Whether the grant of the login may be connected without a confirmation.
    bool may_connect_at_once(const store::oauth_state_record& login) const;
    bool may_confirm(const caller_name& caller, const user_id& user) const;

private:
    std::optional<settings::caller> named(std::string_view name) const;

    const std::string public_url_;
    mutable std::mutex lock_;
    std::shared_ptr<const find_caller> callers_; // null: nobody
};

} // namespace gateway::connections
