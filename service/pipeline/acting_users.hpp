// The acting user: as whom a call acts at TikTok (the user of the path, or the one `creator_id` names), and
// whether that user granted what the call needs. Asked of store and vault, never of TikTok. On the worker's
// thread.
#pragma once
#include "api/call.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"
#include "user_api/bound_api.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::connections {
class desk;
}
namespace gateway::user_api {
class api_client;
}

namespace gateway::pipeline {

/// TikTok's API for whom a call acts. Lives in the frame of the call.
struct binding {
    user_id acting; // where that is not the user of the path
    std::optional<user_api::bound_api> api;
};

/// One per worker.
class acting_users {
public:
    acting_users(connections::desk& connections, user_api::api_client& tiktok)
        : connections_(connections), tiktok_(tiktok) {}

    /// A call for this user has come, and will ask for them soon.
    void prefetch(const user_id& user) const;
    /// Binds `into` where that needs no wait, which is nearly always.
    bool bind_now(const api::call& c, binding& into) const;
    /// The same where the user, or their token, has to be waited for: the user of the path, or whoever
    /// `creator_id` names, if this caller may use them (docs/contract.md §5). creator_not_authorized: TikTok
    /// has no way to list anybody else's videos, and we never answer with other videos than asked for.
    /// user_not_connected, reconnect_required.
    task<result<void>> bind(const api::call& c, binding& into) const;

private:
    task<result<user_id>> user_of(const api::call& c) const;

    connections::desk& connections_;
    user_api::api_client& tiktok_;
};

/// missing_scope naming what is missing; `scopes` are alternatives separated by |.
result<void> granted_any(std::string_view scopes, std::span<const std::string> granted);

} // namespace gateway::pipeline
