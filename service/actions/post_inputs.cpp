#include "actions/post_inputs.hpp"

#include "base/json/write.hpp"

#include <algorithm>
#include <cstdint>

namespace gateway::actions {
namespace {

void fill_common(tiktok::post_info& info, const checked_input& given) {
    info.privacy_level = given.text("privacy_level");
    info.disable_comment = given.flag("disable_comment");
    info.brand_content_toggle = given.flag("brand_content_toggle");
    info.brand_organic_toggle = given.flag("brand_organic_toggle");
    if (given.has("is_aigc")) info.is_aigc = given.flag("is_aigc");
}

void append_member(std::string& out, std::string_view key, std::uint64_t number) {
    append_json_key(out, key);
    append_json_number(out, static_cast<std::int64_t>(number));
}

} // namespace

tiktok::post_info video_post_info(const checked_input& given) {
    tiktok::post_info info;
    fill_common(info, given);
    info.caption = given.text("caption");
    info.disable_duet = given.flag("disable_duet");
    info.disable_stitch = given.flag("disable_stitch");
    if (given.has("video_cover_timestamp_ms"))
        info.video_cover_timestamp_ms = static_cast<std::int32_t>(given.integer("video_cover_timestamp_ms"));
    return info;
}

posts::upload_request upload_request_of(const checked_input& given) {
    posts::upload_request what;
    what.direct = given.flag("publish");
    what.info = video_post_info(given);
    if (given.has("chunk_size_bytes"))
        what.chunk_hint_bytes = static_cast<std::uint64_t>(given.integer("chunk_size_bytes"));
    what.keep = given.flag("keep");
    return what;
}

tiktok::post_info photo_post_info(const checked_input& given) {
    tiktok::post_info info;
    fill_common(info, given);
    info.title = given.text("title");
    info.description = given.text("description");
    info.auto_add_music = given.flag("auto_add_music");
    return info;
}

posts::asker asker_of(const call& c) {
    return {.caller = c.caller(),
            .action = std::string(c.what.slug),
            .now = c.now,
            .idempotency_key = c.idempotency_key};
}

void check_branded_content(const checked_input& given, std::vector<field_fault>& faults) {
    if (given.flag("brand_content_toggle") && given.text("privacy_level") == "SELF_ONLY")
        faults.push_back({"brand_content_toggle",
                          "cannot go with privacy_level SELF_ONLY: TikTok wants branded "
                          "content to be visible"});
}

std::string_view upload_scope(const checked_input& given) {
    return given.flag("publish") ? "video.publish" : "video.upload";
}

std::string json_list(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const auto& text : texts) {
        if (out.size() > 1) out += ',';
        append_json_string(out, text);
    }
    return out += ']';
}

void append_text_or_null(std::string& out, std::string_view text) {
    if (text.empty())
        out += "null";
    else
        append_json_string(out, text);
}

std::string to_json(const posts::upload_answer& shown) {
    // TikTok pulls a video_url by itself: then no byte, size or digest passed here.
    const bool streamed = shown.upload_status_code != 0;
    std::string out = "{";
    append_json_key(out, "publish_id");
    append_json_string(out, shown.id.text());
    append_json_key(out, "status");
    append_json_string(out, shown.status);
    append_json_key(out, "upload_status_code");
    if (streamed)
        append_json_number(out, shown.upload_status_code);
    else
        out += "null";
    append_json_key(out, "file_id");
    append_text_or_null(out, shown.file.text());
    if (streamed) {
        append_member(out, "size", shown.size_bytes);
        append_json_key(out, "sha256");
        append_text_or_null(out, shown.sha256);
        if (shown.chunk_count > 0) {
            append_member(out, "chunk_size", shown.chunk_size_bytes);
            append_member(out, "total_chunk_count", shown.chunk_count);
        } else { // the ledger does not keep them
            out += R"(,"chunk_size":null,"total_chunk_count":null)";
        }
    } else {
        out += R"(,"size":null,"sha256":null,"chunk_size":null,"total_chunk_count":null)";
    }
    append_json_key(out, "warnings");
    out += json_list(shown.warnings);
    return out += '}';
}

std::string to_json(const posts::post_answer& shown, bool with_draft) {
    std::string out = "{";
    append_json_key(out, "publish_id");
    append_json_string(out, shown.id.text());
    append_json_key(out, "status");
    append_json_string(out, shown.status);
    if (with_draft && !shown.draft.empty()) {
        append_json_key(out, "draft_publish_id");
        append_json_string(out, shown.draft.text());
    }
    append_json_key(out, "warnings");
    out += json_list(shown.warnings);
    return out += '}';
}

} // namespace gateway::actions
