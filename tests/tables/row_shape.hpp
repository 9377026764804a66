// An action's row as print_rows prints it, for tests that use the service only over HTTP.
#pragma once
#include <boost/json/value.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace tables {

struct input_shape {
    std::string name;
    std::string kind; // the enumerators of api/row.hpp
    bool required = false;
    bool multiline = false;
    std::int64_t min = 0;
    std::int64_t max = 0;
    std::vector<std::string> choices = {};
};

struct row_shape {
    std::string slug, verb, path, door, takes;
    bool reads_query_itself = false;
    bool replays = false; // accepts Idempotency-Key
    std::vector<input_shape> inputs;
};

/// `printed`: the output of print_rows. Throws if it has another form.
std::vector<row_shape> row_shapes(const boost::json::value& printed);

} // namespace tables
