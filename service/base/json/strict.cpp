#include "base/json/strict.hpp"

#include "base/json/scan.hpp"

#include <boost/json/parse.hpp>

#include <cmath>

namespace gateway {
namespace {

failure refuse(const char* what) {
    return failure{errc::malformed_json, what};
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

result<boost::json::value> parse_json(std::string_view text, boost::json::storage_ptr storage) {
    const auto counts = count_json(text, max_json_depth, max_json_values);
    if (!counts)
        return refuse("The body is not JSON in UTF-8, is nested deeper than 32, or holds too many values.");
    if (counts->integer_out_of_range) return refuse("The body holds a number that fits no 64-bit type.");
    boost::json::parse_options options;
    options.max_depth = max_json_depth;
    boost::json::error_code ec;
    auto value = boost::json::parse(text, ec, std::move(storage), options);
    if (ec) return refuse("The body is not JSON.");
    dom_facts facts;
    look_at(value, facts);
    // The DOM keeps one of two equal keys, so a missing member was a duplicate.
    if (facts.members != counts->members) return refuse("The body has the same key twice in one object.");
    if (facts.infinite) return refuse("The body holds a number that fits no 64-bit type.");
    return value;
}

} // namespace gateway
