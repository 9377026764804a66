// Bytes that wait at the gateway: staged by a caller, shown, removed. A file of another caller does not
// exist.
#include "actions/rows.hpp"
#include "base/json/write.hpp"
#include "files/shelf.hpp"

#include <cstdint>
#include <utility>

namespace gateway::actions {
namespace {

std::string to_json(const store::file_record& file) {
    std::string out = R"({"file_id":)";
    append_json_string(out, file.id.text());
    append_json_key(out, "size");
    append_json_number(out, static_cast<std::int64_t>(file.size_bytes));
    append_json_key(out, "sha256");
    append_json_string(out, file.sha256);
    append_json_key(out, "expires_at");
    append_json_string(out, rfc3339(file.expires_at));
    return out += '}';
}

task<result<answer>> stage_file(call& c, files::shelf& files) {
    if (!c.body.source) co_return failure{errc::invalid_input, "The body is the file; there was none."};
    auto caller = c.caller();
    auto mimetype = c.body.content_type;
    const auto staged =
        co_await files.stage(std::move(caller), *c.body.source, std::move(mimetype), c.now, c.until);
    if (!staged) co_return staged.error();
    object out{.json = to_json(*staged)};
    co_return answer{std::move(out)};
}

task<result<answer>> show_file(call& c, files::shelf& files) {
    auto caller = c.caller();
    const auto found = co_await files.find(std::move(caller), c.file, c.now, c.until);
    if (!found) co_return found.error();
    object out{.json = to_json(*found)};
    co_return answer{std::move(out)};
}

task<result<answer>> delete_file(call& c, files::shelf& files) {
    auto caller = c.caller();
    const auto gone = co_await files.remove(std::move(caller), c.file, c.now, c.until);
    if (!gone) co_return gone.error();
    object out{.json = R"({"file_id":)"};
    append_json_string(out.json, c.file.text());
    out.json += '}';
    co_return answer{std::move(out)};
}

} // namespace

row stage_file_row() {
    return {.slug = "GATEWAY_FILES",
            .method = verb::post,
            .path = "/v1/files",
            .takes = body::stream,
            .takes_time = pace::upload,
            .body_bytes_max = 4ULL << 30, // what TikTok takes at most (docs/tiktok-wire.md §5.1 C8)
            .run = stage_file};
}

row show_file_row() {
    return {
        .slug = "GATEWAY_SHOW_FILE", .method = verb::get, .path = "/v1/files/{file_id}", .run = show_file};
}

row delete_file_row() {
    return {.slug = "GATEWAY_DELETE_FILE",
            .method = verb::delete_,
            .path = "/v1/files/{file_id}",
            .run = delete_file};
}

} // namespace gateway::actions
