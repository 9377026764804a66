#include "http/percent.hpp"

#include "base/text.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include <algorithm>

namespace gateway::http {

void append_percent_encoded(std::string& out, std::string_view text) {
    const auto begin = out.size(), more = boost::urls::encoded_size(text, boost::urls::unreserved_chars);
    out.resize(begin + more); // not by Boost, where it could not fail: its function is noexcept
    boost::urls::encode(out.data() + begin, more, text, boost::urls::unreserved_chars);
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    append_percent_encoded(out, text);
    return out;
}

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank) {
    const auto is_special = [plus_is_blank](char c) {
        return c == '%' || c == '\0' || (c == '+' && plus_is_blank);
    };
    if (std::none_of(text.begin(), text.end(), is_special)) return std::string(text); // the usual case
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        if (c == '%') {
            const int byte = escaped_byte(text, at);
            if (byte < 0) return std::nullopt;
            c = static_cast<char>(byte);
            at += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        if (c == '\0') return std::nullopt;
        out.push_back(c);
    }
    return out;
}

} // namespace gateway::http
