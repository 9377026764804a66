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
    add(of.path);
    add(boost::json::serialize(of.inputs));
    add(of.file_bytes ? std::to_string(*of.file_bytes) : std::string{});
    add(of.content_digest);
    return std::string(as_text(sha256(text)));
}

std::string fingerprint_of_part(std::string_view slug, std::string_view user_id,
                                const boost::json::object& shared, std::string_view part) {
    std::string text(slug);
    text.append("\n")
        .append(user_id)
        .append("\n")
        .append(boost::json::serialize(shared))
        .append("\n")
        .append(part);
    return std::string(as_text(sha256(text)));
}

} // namespace gateway::idempotency
