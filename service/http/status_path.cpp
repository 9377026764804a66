#include "http/status_path.hpp"

#include "http/percent.hpp"

namespace gateway::http {

std::string status_path_of(const user_id& user, const publish_id& post) {
    std::string out = "/v1/users/";
    append_percent_encoded(out, user.text());
    out += "/posts/";
    append_percent_encoded(out, post.text());
    return out;
}

} // namespace gateway::http
