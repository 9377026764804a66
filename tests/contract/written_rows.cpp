#include "contract/written_rows.hpp"

#include "actions/table.hpp"
#include "base/errc.hpp"
#include "store/connection_causes.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>

namespace gateway {
namespace {

// In the order of the enumerators in row.hpp.
constexpr std::string_view kinds[] = {"text",      "integer", "boolean",  "choice", "time",     "fields",
                                      "text_list", "url",     "url_list", "file",   "file_list"};
constexpr std::string_view bodies[] = {"none", "json", "upload", "document", "stream"};
constexpr std::string_view doors[] = {"caller", "open", "tiktok_signature"};

boost::json::object written(const api::input& in) {
    return {{"name", in.name},
            {"kind", kinds[static_cast<std::size_t>(in.type)]},
            {"required", in.required},
            {"min", in.min},
            {"max", in.max},
            {"choices", in.choices},
            {"multiline", in.multiline},
            {"default", in.fallback}};
}

/// All scopes that the row may need, for any inputs.
boost::json::array scopes_of(const api::row& row) {
    boost::json::array scopes;
    for (const auto scope : {row.scope.usual, row.scope.instead})
        if (!scope.empty()) scopes.emplace_back(scope);
    return scopes;
}

boost::json::object written(const api::row& row) {
    boost::json::array inputs;
    for (const auto& in : row.inputs)
        inputs.emplace_back(written(in));
    return {{"slug", row.slug},
            {"verb", http::name_of(row.method)},
            {"path", row.path},
            {"door", doors[static_cast<std::size_t>(row.opened_by)]},
            {"takes", bodies[static_cast<std::size_t>(row.takes)]},
            {"scopes", scopes_of(row)},
            {"scope_input", row.scope.input},
            {"reads_query_itself", row.reads_query_itself},
            {"replays", row.replays},
            {"writes", row.writes},
            {"needs_connection", row.needs_connection},
            {"inputs", std::move(inputs)}};
}

} // namespace

boost::json::object written_rows() {
    boost::json::array rows;
    for (const auto& row : actions::table())
        rows.emplace_back(written(row));
    boost::json::array codes;
    for (const error_facts& error : all_errors())
        codes.emplace_back(boost::json::object{
            {"code", error.name}, {"status", http_status(error.code)}, {"retryable", error.retryable}});
    boost::json::array causes;
    for (const auto& cause : store::cause::by_gateway)
        causes.emplace_back(cause);
    for (const auto& cause : store::cause::by_removal)
        causes.emplace_back(cause);
    return {{"rows", std::move(rows)}, {"codes", std::move(codes)}, {"connection_causes", std::move(causes)}};
}

} // namespace gateway
