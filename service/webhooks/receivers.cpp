#include "webhooks/receivers.hpp"

#include "base/digest.hpp"
#include "base/pattern.hpp"
#include "base/url.hpp"

#include <algorithm>
#include <utility>

namespace gateway::webhooks {

std::string hash_of_url(const std::string& url) {
    return std::string(as_text(sha256(url)));
}

receiver_list receivers_of(const std::vector<settings::caller>& callers) {
    std::vector<receiver> all;
    for (const auto& each : callers) {
        web_url url;
        if (each.webhook_url.empty() || read_url(each.webhook_url, url_schemes::https, url)) continue;
        receiver one;
        one.caller = caller_name::trusted(each.name);
        one.users = each.users;
        one.to = {url.host, url.port};
        one.target = (url.path.empty() ? "/" : url.path) + url.query;
        one.url_hash = hash_of_url(each.webhook_url);
        one.keys = each.webhook_secrets;
        all.push_back(std::move(one));
    }
    std::sort(all.begin(), all.end(),
              [](const receiver& one, const receiver& other) { return one.caller < other.caller; });
    return std::make_shared<const std::vector<receiver>>(std::move(all));
}

const receiver* find_receiver(const std::vector<receiver>& in, const caller_name& caller) {
    const auto found =
        std::lower_bound(in.begin(), in.end(), caller,
                         [](const receiver& one, const caller_name& name) { return one.caller < name; });
    return found != in.end() && found->caller == caller ? &*found : nullptr;
}

std::vector<caller_name> told_of(const std::vector<receiver>& in, const caller_name& of_post,
                                 const user_id& user) {
    std::vector<caller_name> out;
    for (const auto& one : in) {
        const bool told = of_post.empty() ? matches_any(one.users, user.text()) : one.caller == of_post;
        if (told) out.push_back(one.caller);
    }
    return out;
}

} // namespace gateway::webhooks
