#include "base/json/strict.hpp"

#include "base/json/fault.hpp"
#include "base/json/scan.hpp"

#include <boost/json/parse.hpp>

#include <cmath>

namespace gateway {
namespace {

/// Cold: reads the text again to tell its sender one cause and where it lies.
failure refuse(std::string_view text, std::string_view what) {
    std::string sentence(what);
    const auto fault = find_json_fault(text, max_json_depth, max_json_values);
    if (!fault) return failure{errc::malformed_json, sentence + " is not JSON."};
    sentence.append(" cannot be read as JSON: ").append(fault->cause);
    return failure{errc::malformed_json, sentence + " (" + place_in(text, fault->at) + ")."};
}

struct dom_facts {
    std::size_t members = 0;
    bool infinite = false;
};

void look_at(const boost::json::value& value, dom_facts& facts) {
    if (const auto* const object = value.if_object()) {
        facts.members += object->size();
        for (const auto& member : *object)
            look_at(member.value(), facts);
    } else if (const auto* const array = value.if_array()) {
        for (const auto& element : *array)
            look_at(element, facts);
    } else if (const auto* const number = value.if_double()) {
        facts.infinite = facts.infinite || !std::isfinite(*number);
    }
}

} // namespace

result<boost::json::value> parse_json(std::string_view text, std::string_view what) {
    const auto counts = count_json(text, max_json_depth, max_json_values);
    if (!counts || counts->integer_out_of_range) return refuse(text, what);
    boost::json::parse_options options;
    options.max_depth = max_json_depth;
    boost::json::error_code ec;
    auto value = boost::json::parse(text, ec, {}, options);
    if (ec) return refuse(text, what);
    dom_facts facts;
    look_at(value, facts);
    // The DOM keeps one of two equal keys, so a missing member was a duplicate.
    if (facts.members != counts->members || facts.infinite) return refuse(text, what);
    return value;
}

} // namespace gateway
