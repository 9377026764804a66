// The path of the API at which a post's status is told, for answers that are in doubt (docs/contract.md §4).
// Pure.
#pragma once
#include "base/ids.hpp"

#include <string>

namespace gateway::http {

/// `/v1/users/{user_id}/posts/{publish_id}`, encoded.
std::string status_path_of(const user_id& user, const publish_id& post);

} // namespace gateway::http
