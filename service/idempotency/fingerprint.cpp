#include "idempotency/fingerprint.hpp"

#include "base/append.hpp"
#include "base/digest.hpp"
#include "base/sized_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace gateway::idempotency {

std::string fingerprint(const request_identity& of) {
    std::string text;
    append_sized(text, of.slug);
    append_sized(text, of.user_id);
    append_sized(text, of.path);
    append_sized(text, boost::json::serialize(of.inputs));
    append_sized(text, of.file_bytes ? std::to_string(*of.file_bytes) : "");
    append_sized(text, of.content_digest);
    return std::string(as_text(sha256(text)));
}

std::string fingerprint_of_part(std::string_view slug, std::string_view user_id,
                                const boost::json::object& shared, std::string_view part) {
    std::string text;
    append_all(text, slug, "\n", user_id, "\n", boost::json::serialize(shared), "\n", part);
    return std::string(as_text(sha256(text)));
}

} // namespace gateway::idempotency
