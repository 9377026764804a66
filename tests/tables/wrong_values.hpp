// The wrong values of each kind, and the text of their faults. The texts are repeated here on purpose,
// because callers read them.
#pragma once
#include "tables/row_shape.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <vector>

namespace tables {

struct wrong_value {
    std::string why;
    boost::json::value given;
    std::string reason;
    std::string where = {}; // after the input's name in the fault: `[1]`, `.file_id`
    bool body_only = false; // in a query it would be valid or another fault
};

/// Throws for an unknown kind, so that a new kind must be added here.
std::vector<wrong_value> wrong_values(const input_shape& of);
boost::json::value good_value(const input_shape& of);

} // namespace tables
