#include "tables/wrong_values.hpp"

#include "tables/wrong_kinds.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <stdexcept>
#include <utility>

namespace tables {
namespace json = boost::json;
namespace {

input_shape item_of(const input_shape& list) {
    input_shape item{.name = list.name, .kind = list.kind.substr(0, list.kind.size() - 5)};
    if (!list.choices.empty()) {
        item.kind = "choice";
        item.choices = list.choices;
    }
    item.min = 1; // of texts: UTF-16 units
    item.max = 512;
    return item;
}

std::vector<wrong_value> wrong_lists(const input_shape& of) {
    const auto item = item_of(of);
    const auto good = good_value(item);
    const auto count = [&](std::int64_t items) {
        return "must hold " + bounds(of) + " items, not " + std::to_string(items);
    };
    json::array many;
    for (std::int64_t i = 0; i <= of.max; ++i)
        many.push_back(good);
    std::vector<wrong_value> out{{"NotAList", good, "must be a list"},
                                 {"TooMany", std::move(many), count(of.max + 1)}};
    if (of.min > 0) out.push_back({"Nothing", json::array{}, count(0)});
    // An item of a list cannot be missing.
    const auto* const no_item =
        item.kind == "file" ? "must be an object {name, mimetype, file_id}" : "must be a string";
    out.push_back({"ItemNull", json::array{good, nullptr}, no_item, "[1]"});
    for (auto& wrong : wrong_values(item))
        out.push_back({"Item" + wrong.why, json::array{good, std::move(wrong.given)}, wrong.reason,
                       "[1]" + wrong.where});
    return out;
}

} // namespace

std::vector<wrong_value> wrong_values(const input_shape& of) {
    if (of.kind == "text") return wrong_texts(of);
    if (of.kind == "integer") return wrong_integers(of);
    if (of.kind == "boolean") return wrong_booleans();
    if (of.kind == "choice") return wrong_choices(of);
    if (of.kind == "time") return wrong_times();
    if (of.kind == "fields") return wrong_fields(of);
    if (of.kind == "url") return wrong_urls();
    if (of.kind == "file") return wrong_files();
    if (of.kind.ends_with("_list")) return wrong_lists(of);
    throw std::invalid_argument("no wrong values are known of the kind " + of.kind);
}

json::value good_value(const input_shape& of) {
    if (of.kind == "text") return "1";
    if (of.kind == "integer") return of.min;
    if (of.kind == "boolean") return true;
    if (of.kind == "choice" || of.kind == "fields") return text(of.choices.front());
    if (of.kind == "time") return "2026-11-23T16:18:36Z";
    if (of.kind == "url") return good_url;
    if (of.kind == "file") return json::object{{"file_id", good_file}};
    if (of.kind.ends_with("_list")) {
        json::array one;
        one.push_back(good_value(item_of(of)));
        return one;
    }
    throw std::invalid_argument("no good value is known of the kind " + of.kind);
}

} // namespace tables
