#include "actions/status_object.hpp"

#include "base/json/values.hpp"

#include <boost/json/object.hpp>

#include <string_view>

namespace gateway::actions {

std::string status_object(const publish_id& id, const posts::status_answer& known) {
    boost::json::object out{{"status", std::string_view(known.status)}};
    if (!known.fail_reason.empty()) out["fail_reason"] = known.fail_reason;
    out["publicaly_available_post_id"] = json_list(known.post_ids); // TikTok's spelling
    out["publish_id"] = id.text();
    out["state"] = known.state;
    return serialize_json(out);
}

} // namespace gateway::actions
