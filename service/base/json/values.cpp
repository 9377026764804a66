#include "base/json/values.hpp"

#include "base/utf.hpp"

#include <boost/json/serialize.hpp>

namespace gateway {

std::string serialize_json(const boost::json::value& document) {
    std::string text = boost::json::serialize(document);
    if (is_utf8(text)) return text;
    std::string valid;
    for (std::string_view rest = text; !rest.empty();)
        valid += take_utf8(rest);
    return valid;
}

} // namespace gateway
