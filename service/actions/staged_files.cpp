// Staged files: upload, show, remove. A file of another caller is answered like one that does not exist.
#include "actions/rows.hpp"
#include "base/json/values.hpp"
#include "base/refused_inputs.hpp"
#include "files/staged_file_store.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <utility>

namespace gateway::actions {
namespace json = boost::json;
namespace {

std::string to_json(const store::file_record& file) {
    return serialize_json(json::object{{"file_id", file.id.text()},
                                       {"size", file.size_bytes},
                                       {"sha256", file.sha256},
                                       {"expires_at", rfc3339(file.expires_at)}});
}

task<result<answer>> stage_file(call& c, files::staged_file_store& files) {
    if (!c.body.source || c.body.source->size_bytes() == 0) {
        std::vector<field_fault> faults{{"body", "must hold the bytes of the file, and is empty"}};
        co_return refused_inputs(std::move(faults));
    }
    auto caller = c.caller();
    auto mimetype = c.body.content_type;
    const auto staged =
        co_await files.stage(std::move(caller), *c.body.source, std::move(mimetype), c.now, c.until);
    if (!staged) co_return staged.error();
    co_return json_answer(to_json(*staged));
}

task<result<answer>> show_file(call& c, files::staged_file_store& files) {
    auto id = check_file_id(c.path.at("file_id"));
    if (!id) co_return id.error();
    auto caller = c.caller();
    const auto found = co_await files.find(std::move(caller), std::move(*id), c.now, c.until);
    if (!found) co_return found.error();
    co_return json_answer(to_json(*found));
}

task<result<answer>> delete_file(call& c, files::staged_file_store& files) {
    const auto id = check_file_id(c.path.at("file_id"));
    if (!id) co_return id.error();
    auto caller = c.caller();
    const auto gone = co_await files.remove(std::move(caller), *id, c.now, c.until);
    if (!gone) co_return gone.error();
    const json::object content{{"file_id", id->text()}};
    co_return json_answer(serialize_json(content));
}

} // namespace

row stage_file_row() {
    return {.slug = "GATEWAY_FILES",
            .method = verb::post,
            .path = "/v1/files",
            .takes = body::stream,
            .takes_time = deadline_class::upload,
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
