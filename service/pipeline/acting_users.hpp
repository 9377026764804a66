// The acting user: the user for whom a call acts at TikTok (the user of the path, or the one of
// `creator_id`), and whether that user granted the needed scopes. Reads store and vault and never calls
// TikTok. On the worker's thread.
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

namespace gateway::connections {
class connection_service;
}
namespace gateway::user_api {
class api_client;
}

namespace gateway::pipeline {

/// TikTok's API for the acting user. Lives in the frame of the call.
struct binding {
    user_id acting; // if it is not the user of the path
    std::optional<user_api::bound_api> api;
};

/// One per worker.
class acting_users {
public:
    acting_users(connections::connection_service& connections, user_api::api_client& tiktok)
        : connections_(connections), tiktok_(tiktok) {}

    /// Prefetches for a call of this user that has arrived.
    void prefetch(const user_id& user) const;
    /// Binds `into` without waiting, which is the usual case.
    bool try_bind(const api::call& c, binding& into) const;
    /// The same if the user or the token has to be waited for: the user of the path, or the one of
    /// `creator_id`, if this caller may use that user (docs/contract.md §5). creator_not_authorized: TikTok
    /// cannot list videos of other accounts, and other videos than requested are never returned.
    /// user_not_connected, reconnect_required.
    task<result<void>> bind(const api::call& c, binding& into) const;

private:
    task<result<user_id>> user_of(const api::call& c, open_id creator) const;

    connections::connection_service& connections_;
    user_api::api_client& tiktok_;
};

/// missing_scope with the missing scopes; `scopes` are alternatives separated by |.
result<void> granted_any(std::string_view scopes, std::span<const std::string> granted);

} // namespace gateway::pipeline
