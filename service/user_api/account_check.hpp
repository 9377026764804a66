// Asks TikTok whose an access token is, for tokens of an import, which are not stored yet. Takes a slot of
// the user's window and is counted, like every call. On the worker's thread.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "limits/window.hpp"
#include "outbound/types.hpp"
#include "runtime/task.hpp"

#include <optional>

namespace gateway::user_api {

class api_client;
struct call_outcome;

class account_check {
public:
    explicit account_check(api_client& shared) : shared_(shared) {}

    /// Empty: TikTok does not accept the token, or it lacks the scope `user.info.basic`, so that only a
    /// refresh can tell. The failures of a call, among them rate_limited.
    task<result<std::optional<open_id>>> ask(user_id user, secret access_token, deadline until);

private:
    task<result<limits::permit>> take_slot(const user_id& user, deadline until);
    task<void> send(limits::permit& slot, outbound::connection_choice over, const secret& access_token,
                    deadline until, call_outcome& out);

    api_client& shared_;
};

} // namespace gateway::user_api
