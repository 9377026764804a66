#include "actions/post_inputs.hpp"

#include "base/json/values.hpp"
#include "posts/post_settings.hpp"

#include <cstdint>

namespace gateway::actions {
namespace json = boost::json;

tiktok::post_info post_info_of(const checked_input& given) {
    tiktok::post_info info;
    posts::apply_settings(info, given.values());
    return info;
}

posts::upload_request upload_request_of(const checked_input& given) {
    posts::upload_request what;
    what.direct = given.flag("publish");
    what.info = post_info_of(given);
    if (given.has("chunk_size_bytes"))
        what.chunk_hint_bytes = static_cast<std::uint64_t>(given.integer("chunk_size_bytes"));
    what.keep = given.flag("keep");
    return what;
}

posts::post_origin post_origin_of(const call& c) {
    return {.caller = c.caller(),
            .action = std::string(c.what.slug),
            .now = c.now,
            .idempotency_key = c.idempotency_key};
}

void check_branded_content(const given_inputs& all, std::vector<field_fault>& faults) {
    if (all.good.flag("brand_content_toggle") && all.good.text("privacy_level") == "SELF_ONLY")
        faults.push_back({"brand_content_toggle",
                          "cannot go with privacy_level SELF_ONLY: TikTok wants branded "
                          "content to be visible"});
}

std::string to_json(const posts::upload_answer& shown) {
    // If TikTok pulled a video_url, the gateway has no size or digest.
    const bool streamed = shown.upload_status_code != 0;
    const bool has_plan = streamed && shown.chunk_count > 0; // the ledger keeps none
    const auto where = [](bool is, std::uint64_t number) { return is ? json::value(number) : json::value(); };
    return serialize_json(
        json::object{{"publish_id", shown.id.text()},
                     {"status", shown.status},
                     {"upload_status_code", streamed ? json::value(shown.upload_status_code) : json::value()},
                     {"file_id", json_text_or_null(shown.file.text())},
                     {"size", where(streamed && shown.size_bytes > 0, shown.size_bytes)},
                     {"sha256", json_text_or_null(streamed ? shown.sha256 : std::string_view{})},
                     {"chunk_size", where(has_plan, shown.chunk_size_bytes)},
                     {"total_chunk_count", where(has_plan, shown.chunk_count)},
                     {"privacy_level", json_text_or_null(shown.privacy_level)},
                     {"warnings", json_list(shown.warnings)}});
}

std::string to_json(const posts::post_answer& shown, bool with_draft) {
    json::object out{{"publish_id", shown.id.text()}, {"status", shown.status}};
    if (with_draft && !shown.draft.empty()) out["draft_publish_id"] = shown.draft.text();
    out["privacy_level"] = json_text_or_null(shown.privacy_level);
    out["warnings"] = json_list(shown.warnings);
    return serialize_json(out);
}

} // namespace gateway::actions
