#include "tiktok/requests.hpp"

#include "base/append.hpp"
#include "base/json/members.hpp"
#include "base/json/strict.hpp"
#include "base/json/values.hpp"
#include "base/url.hpp"

#include <boost/json/serialize.hpp>

#include <array>
#include <cstddef>
#include <utility>

namespace gateway::tiktok {
namespace {

namespace json = boost::json;

worker_string written(const json::object& body) {
    return worker_string(std::string_view(json::serialize(body)));
}

json::object source_info(const video_source& source) {
    if (!source.url.empty()) return {{"source", "PULL_FROM_URL"}, {"video_url", source.url}};
    return {{"source", "FILE_UPLOAD"},
            {"video_size", source.size_bytes},
            {"chunk_size", source.chunk_size_bytes},
            {"total_chunk_count", source.chunk_count}};
}

failure lacks(const document& answer, std::string_view what) {
    tiktok_error_text words{200, "", "", std::string(answer.log_id())};
    return failure(errc::tiktok_error, "TikTok's answer has no " + std::string(what) + ".")
        .tiktok(std::move(words));
}

json::object direct_post_info(const post_info& info) {
    // TikTok's tables require both toggles, its examples have neither (W11); sending them fits both.
    return {{"privacy_level", info.privacy_level},
            {"disable_comment", info.disable_comment},
            {"brand_content_toggle", info.brand_content_toggle},
            {"brand_organic_toggle", info.brand_organic_toggle}};
}

/// Without a DOM, because statuses are queried often; the id's alphabet needs no escapes.
worker_string publish_id_body(const publish_id& id) {
    worker_string body;
    append_all(body, R"({"publish_id":")", id.text(), R"("})");
    return body;
}

/// Own members of the answer's `data`, unchanged; empty if absent. Without a DOM, because a post's status is
/// queried often.
template <std::size_t count>
std::array<std::string_view, count> members_of(const document& answer,
                                               const std::string_view (&names)[count]) {
    std::array<std::string_view, count> values;
    find_members(answer.data(), names, values);
    return values;
}

/// A scalar or a list, of numbers or strings: TikTok sends all of these (W16).
std::vector<std::string> texts_of(std::string_view value) {
    std::vector<std::string> texts;
    for (const std::string_view one : json_elements(value))
        if (std::string text = json_text(one); !text.empty()) texts.push_back(std::move(text));
    return texts;
}

} // namespace

api_request user_info_request(std::string_view fields) {
    return {endpoint::user_info, fields, {}};
}

api_request video_list_request(std::string_view fields, std::optional<std::int64_t> cursor,
                               std::int32_t max_count) {
    worker_string body;
    append_all(body, R"({"max_count":)", std::to_string(max_count));
    if (cursor) append_all(body, R"(,"cursor":)", std::to_string(*cursor));
    append_all(body, "}");
    return {endpoint::video_list, fields, std::move(body)};
}

api_request video_query_request(std::string_view fields, const std::vector<std::string>& ids) {
    return {endpoint::video_query, fields, written({{"filters", {{"video_ids", json_list(ids)}}}})};
}

api_request creator_info_request() {
    return {endpoint::creator_info, {}, {}};
}

api_request video_init_request(const post_info& info, bool direct, const video_source& source) {
    if (!direct) return {endpoint::inbox_init, {}, written({{"source_info", source_info(source)}})};
    json::object post = direct_post_info(info);
    if (!info.caption.empty()) post["title"] = info.caption;
    post["disable_duet"] = info.disable_duet;
    post["disable_stitch"] = info.disable_stitch;
    if (info.video_cover_timestamp_ms) post["video_cover_timestamp_ms"] = *info.video_cover_timestamp_ms;
    if (info.is_aigc) post["is_aigc"] = *info.is_aigc;
    return {endpoint::video_init,
            {},
            written({{"post_info", std::move(post)}, {"source_info", source_info(source)}})};
}

api_request content_init_request(const post_info& info, bool direct, const std::vector<std::string>& urls,
                                 std::uint32_t cover_index) {
    json::object post;
    if (direct) {
        post = direct_post_info(info);
        post["auto_add_music"] = info.auto_add_music;
    }
    if (!info.title.empty()) post["title"] = info.title;
    if (!info.description.empty()) post["description"] = info.description;
    json::object body{{"media_type", "PHOTO"},
                      {"post_mode", direct ? "DIRECT_POST" : "MEDIA_UPLOAD"},
                      {"post_info", std::move(post)},
                      {"source_info",
                       {{"source", "PULL_FROM_URL"},
                        {"photo_images", json_list(urls)},
                        {"photo_cover_index", cover_index}}}};
    if (info.is_aigc) body["is_aigc"] = *info.is_aigc;
    return {endpoint::content_init, {}, written(body)};
}

api_request status_request(const publish_id& id) {
    return {endpoint::status_fetch, {}, publish_id_body(id)};
}

api_request cancel_request(const publish_id& id) {
    return {endpoint::cancel, {}, publish_id_body(id)};
}

result<open_id> read_account(const document& answer) {
    const auto [user] = members_of(answer, {"user"});
    const auto parsed = parse_json(user);
    const auto account =
        parsed && parsed->is_object() ? json_text_at(parsed->get_object(), "open_id") : std::string_view{};
    if (account.empty()) return lacks(answer, "open_id");
    return open_id::trusted(std::string(account));
}

result<creator> read_creator(document answer) {
    const auto [levels] = members_of(answer, {"privacy_level_options"});
    creator out;
    out.privacy_levels = texts_of(levels);
    if (out.privacy_levels.empty()) return lacks(answer, "privacy_level_options");
    out.raw = std::move(answer);
    return out;
}

result<started_post> read_started_post(const document& answer, bool with_upload_url) {
    const auto [named, upload_url] = members_of(answer, {"publish_id", "upload_url"});
    auto id = check_publish_id(json_text(named));
    if (!id) return lacks(answer, "publish_id").may_have_reached_tiktok();
    started_post out{.id = std::move(*id)};
    if (with_upload_url) out.upload_url = json_text(upload_url);
    if (with_upload_url && (out.upload_url.empty() || out.upload_url.size() > max_url_bytes))
        return lacks(answer, "usable upload_url").may_have_reached_tiktok();
    return out;
}

result<post_status> read_post_status(document answer) {
    const auto [status, fail_reason, uploaded_bytes] =
        members_of(answer, {"status", "fail_reason", "uploaded_bytes"});
    post_status out;
    out.status = json_short_text(status);
    if (out.status.empty()) return lacks(answer, "status");
    out.fail_reason = json_text(fail_reason);
    out.uploaded_bytes = json_count(uploaded_bytes);
    out.raw = std::move(answer);
    return out;
}

std::vector<std::string> post_status::post_ids() const {
    // TikTok's spelling (docs/tiktok-wire.md §6)
    return texts_of(members_of(raw, {"publicaly_available_post_id"}).front());
}

} // namespace gateway::tiktok
