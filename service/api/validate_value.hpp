// One input against its line in the row. Pure; used by validate.cpp only.
#pragma once
#include "api/row.hpp"
#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::api {

/// What the rules need to know beyond the row, and where faults go.
struct input_judge {
    const std::vector<std::string>& verified_url_prefixes;
    std::vector<field_fault>& faults;

    /// The value as a handler shall find it, or nothing after at least one fault was noted.
    std::optional<boost::json::value> judge(const input& rule, const boost::json::value& given) const;

private:
    using value = boost::json::value;
    using maybe = std::optional<boost::json::value>;

    maybe fault(std::string field, std::string reason) const;
    maybe text(const input& rule, const std::string& field, const value& given) const;
    bool is_legal(const input& rule, const std::string& field, std::string_view text) const;
    maybe integer(const input& rule, const value& given) const;
    maybe choice(const input& rule, const value& given) const;
    maybe fields(const input& rule, const value& given) const;
    maybe url(const std::string& field, const value& given) const;
    maybe list(const input& rule, const value& given) const;
    maybe file(const std::string& field, const value& given) const;
};

/// What stands in a query for one input, as the JSON it would be in a body. Texts that do not read as the
/// kind wants stay strings, so that the judge refuses them in its own words.
boost::json::value value_of_query(const input& rule, const std::vector<std::string_view>& given);

} // namespace gateway::api
