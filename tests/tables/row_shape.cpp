#include "tables/row_shape.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <sstream>

namespace tables {
namespace json = boost::json;
namespace {

std::string text(const json::object& from, std::string_view name) {
    return std::string(from.at(name).as_string());
}

input_shape read_input(const json::object& from) {
    input_shape out{.name = text(from, "name"), .kind = text(from, "kind")};
    out.required = from.at("required").as_bool();
    out.multiline = from.at("multiline").as_bool();
    out.min = from.at("min").to_number<std::int64_t>();
    out.max = from.at("max").to_number<std::int64_t>();
    std::istringstream choices(text(from, "choices"));
    for (std::string each; std::getline(choices, each, out.kind == "fields" ? ',' : '|');)
        out.choices.push_back(each);
    return out;
}

row_shape read_row(const json::object& from) {
    row_shape out{.slug = text(from, "slug"),
                  .verb = text(from, "verb"),
                  .path = text(from, "path"),
                  .door = text(from, "door"),
                  .takes = text(from, "takes"),
                  .reads_query_itself = from.at("reads_query_itself").as_bool(),
                  .replays = from.at("replays").as_bool(),
                  .inputs = {}};
    for (const auto& input : from.at("inputs").as_array())
        out.inputs.push_back(read_input(input.as_object()));
    return out;
}

} // namespace

std::vector<row_shape> row_shapes(const json::value& printed) {
    std::vector<row_shape> out;
    for (const auto& row : printed.at("rows").as_array())
        out.push_back(read_row(row.as_object()));
    return out;
}

} // namespace tables
