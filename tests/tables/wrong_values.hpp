// Each way in which a value of one kind can be wrong, and what is said to it. The words stand here a second
// time on purpose: callers read them.
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
    std::string where = {}; // behind the input's name in the fault: `[1]`, `.file_id`
    bool body_only = false; // in a query it would be good, or something else
};

/// Throws for a kind it does not know, so that a new kind gets its line here.
std::vector<wrong_value> wrong_values(const input_shape& of);
boost::json::value good_value(const input_shape& of);

} // namespace tables
