// Checks one input with its entry in the row. Pure; used by validate.cpp only.
#pragma once
#include "api/row.hpp"
#include "base/result.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::api {

/// The context of the rules beside the row, and the list of faults.
struct input_validator {
    const std::vector<std::string>& verified_url_prefixes;
    std::vector<field_fault>& faults;
    std::size_t& unverified; // how many of the faults are URLs that are only not under a verified prefix

    /// The checked value for the handler; nothing if a fault was added.
    std::optional<boost::json::value> check(const input& rule, const boost::json::value& given) const;

private:
    using value = boost::json::value;
    using maybe = std::optional<boost::json::value>;

    maybe fault(std::string field, std::string reason) const;
    maybe text(const input& rule, const std::string& field, const value& given) const;
    bool is_legal(const input& rule, const std::string& field, std::string_view text) const;
    maybe integer(const input& rule, const value& given) const;
    maybe choice(const input& rule, const std::string& field, const value& given) const;
    maybe time(const std::string& field, const value& given) const;
    maybe fields(const input& rule, const value& given) const;
    maybe url(const std::string& field, const value& given) const;
    maybe list(const input& rule, const value& given) const;
    maybe file(const std::string& field, const value& given) const;
};

/// The JSON value of one input of a query. Texts that are not valid for the kind stay strings, so that
/// check() refuses them.
boost::json::value value_of_query(const input& rule, const std::vector<std::string_view>& given);

} // namespace gateway::api
