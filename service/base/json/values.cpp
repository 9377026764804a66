#include "base/json/values.hpp"

#include "base/utf.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>

namespace gateway {

std::string serialize_json(const boost::json::value& document) {
    std::string text = boost::json::serialize(document);
    if (is_utf8(text)) return text;
    std::string valid;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t length = utf8_sequence(rest);
        valid += length == 0 ? "\xef\xbf\xbd" : rest.substr(0, length);
        rest.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return valid;
}

} // namespace gateway
