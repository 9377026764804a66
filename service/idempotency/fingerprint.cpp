#include "idempotency/fingerprint.hpp"

#include "base/digest.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace gateway::idempotency {

std::string fingerprint(const request_identity& of) {
    std::string text;
    const auto add = [&text](std::string_view part) {
        text += std::to_string(part.size());
        text += ':';
        text += part;
    };
    add(of.slug);
    add(of.user_id);
    add(of.publish_id);
    add(boost::json::serialize(of.inputs));
    add(of.file_bytes ? std::to_string(*of.file_bytes) : std::string{});
    add(of.content_digest);
    return std::string(as_text(sha256(text)));
}

} // namespace gateway::idempotency
