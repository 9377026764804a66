// Prints the rows of the actions and the table of errors as JSON, so that check.py can hold them against
// openapi.yaml.
#include "actions/row.hpp"
#include "base/errc.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <string>

namespace gateway {
namespace {

std::string_view name_of(actions::kind type) {
    using actions::kind;
    switch (type) {
        case kind::text:
            return "text";
        case kind::integer:
            return "integer";
        case kind::boolean:
            return "boolean";
        case kind::choice:
            return "choice";
        case kind::fields:
            return "fields";
        case kind::text_list:
            return "text_list";
        case kind::url:
            return "url";
        case kind::url_list:
            return "url_list";
        case kind::file:
            return "file";
        case kind::file_list:
            return "file_list";
        case kind::object:
            return "object";
    }
    return "unknown";
}

std::string_view name_of(actions::door opened_by) {
    switch (opened_by) {
        case actions::door::caller:
            return "caller";
        case actions::door::open:
            return "open";
        case actions::door::tiktok_signature:
            return "tiktok_signature";
    }
    return "unknown";
}

std::string_view name_of(actions::body takes) {
    switch (takes) {
        case actions::body::none:
            return "none";
        case actions::body::json:
            return "json";
        case actions::body::upload:
            return "upload";
        case actions::body::raw:
            return "raw";
    }
    return "unknown";
}

boost::json::object written(const actions::input& in) {
    return {
        {"name", in.name}, {"kind", name_of(in.type)}, {"required", in.required},   {"min", in.min},
        {"max", in.max},   {"choices", in.choices},    {"multiline", in.multiline}, {"default", in.fallback}};
}

boost::json::object written(const actions::row& row) {
    boost::json::array inputs;
    for (const auto& in : row.inputs)
        inputs.emplace_back(written(in));
    return {{"slug", row.slug},
            {"verb", actions::name_of(row.method)},
            {"path", row.path},
            {"door", name_of(row.opened_by)},
            {"takes", name_of(row.takes)},
            {"scope", row.scope},
            {"replays", row.replays},
            {"writes", row.writes},
            {"needs_connection", row.needs_connection},
            {"inputs", std::move(inputs)}};
}

boost::json::object everything() {
    boost::json::array rows;
    for (const auto& row : actions::table())
        rows.emplace_back(written(row));
    boost::json::array codes;
    const auto errors = all_errors();
    for (std::size_t i = 0; i < errors.count; ++i) {
        const auto& error = errors.rows[i];
        codes.emplace_back(boost::json::object{
            {"code", error.name}, {"status", http_status(error.code)}, {"retryable", error.retryable}});
    }
    return {{"rows", std::move(rows)}, {"codes", std::move(codes)}};
}

} // namespace
} // namespace gateway

int main() {
    std::puts(boost::json::serialize(gateway::everything()).c_str());
}
