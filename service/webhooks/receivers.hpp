// The callers who are told by webhook, made of the settings at the start and by SIGHUP. Immutable, any
// thread.
#pragma once
#include "outbound/types.hpp"
#include "settings/settings.hpp"
#include "store/outbox.hpp"

#include <memory>
#include <string>
#include <vector>

namespace gateway::webhooks {

struct receiver {
    caller_name caller;
    std::vector<std::string> users; // patterns: of whose connections it is told
    outbound::origin to;
    std::string target; // path and query
    std::string url_hash;
    settings::signing_secrets keys;
};

/// Of the settings, for POST /v1/webhooks/redeliver.
struct redelivery_rules {
    milliseconds retry{0}; // how long what is queued again is tried
};

/// Of the URL alone: what a receiver's 410 holds for.
std::string hash_of_url(const std::string& url);

/// In order of their callers. Only for settings that were checked.
using receiver_list = std::shared_ptr<const std::vector<receiver>>;
receiver_list receivers_of(const std::vector<settings::caller>& callers);

/// Null if the caller has none.
const receiver* find_receiver(const std::vector<receiver>& in, const caller_name& caller);

/// Who is told of an event: of a post its caller, of a connection each who may act for its user.
std::vector<caller_name> told_of(const std::vector<receiver>& in, const caller_name& of_post,
                                 const user_id& user);

} // namespace gateway::webhooks
