// The contract: openapi.yaml for programs, /docs for people, /docs/llms.txt and the pages beside it for
// agents. Compiled in; needs no key.
#include "actions/rows.hpp"
#include "api/assets.hpp"

namespace gateway::actions {
namespace {

result<answer> serve(std::string_view name) {
    for (const auto& each : api::embedded_files())
        if (each.name == name) return answer{asset{.content_type = each.content_type, .bytes = each.bytes}};
    return failure{errc::no_such_route, api::no_such_route_sentence};
}

task<result<answer>> show_openapi(call&) {
    co_return serve("openapi.yaml");
}
task<result<answer>> show_docs(call&) {
    co_return serve("docs/index.html");
}
task<result<answer>> show_docs_part(call& c) {
    co_return serve("docs/" + std::string(c.path.at("asset")));
}

row document_row(std::string_view slug, std::string_view path, task<result<answer>> (*run)(call&)) {
    return {.slug = slug,
            .method = verb::get,
            .path = path,
            .opened_by = auth::open,
            .reads_query_itself = true,
            .works_without_store = true,
            .run = run};
}

} // namespace

row openapi_row() {
    return document_row("GATEWAY_OPENAPI", "/openapi.yaml", show_openapi);
}
row docs_row() {
    return document_row("GATEWAY_DOCS", "/docs", show_docs);
}
row docs_part_row() {
    return document_row("GATEWAY_DOCS", "/docs/{asset}", show_docs_part);
}

} // namespace gateway::actions
