#include "tiktok/requests.hpp"

#include "base/append.hpp"
#include "base/json/members.hpp"
#include "base/url.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <iterator>
#include <utility>

namespace gateway::tiktok {
namespace {

namespace json = boost::json;

json::array list_of(const std::vector<std::string>& texts) {
    json::array list;
    list.reserve(texts.size());
    for (const std::string& text : texts)
        list.emplace_back(text);
    return list;
}

worker_string written(const json::object& body) {
    return worker_string(std::string_view(json::serialize(body)));
}

json::object source_info(const video_source& source) {
    json::object out;
    if (!source.url.empty()) {
        out["source"] = "PULL_FROM_URL";
        out["video_url"] = source.url;
        return out;
    }
    out["source"] = "FILE_UPLOAD";
    out["video_size"] = source.size_bytes;
    out["chunk_size"] = source.chunk_size_bytes;
    out["total_chunk_count"] = source.chunk_count;
    return out;
}

json::object data_of(const document& answer) {
    boost::system::error_code bad;
    json::value parsed = json::parse(answer.data(), bad);
    if (bad || !parsed.is_object()) return {};
    return std::move(parsed.get_object());
}

std::string text_of(const json::value& value) {
    if (const auto* text = value.if_string()) return std::string(*text);
    if (const auto* number = value.if_int64()) return std::to_string(*number);
    if (const auto* number = value.if_uint64()) return std::to_string(*number);
    return {};
}

std::string text_at(const json::object& from, std::string_view name) {
    const json::value* value = from.if_contains(name);
    return value ? text_of(*value) : std::string{};
}

bool flag_at(const json::object& from, std::string_view name) {
    const json::value* value = from.if_contains(name);
    return value && value->is_bool() && value->get_bool();
}

std::optional<std::uint64_t> count_at(const json::object& from, std::string_view name) {
    const json::value* value = from.if_contains(name);
    if (!value) return std::nullopt;
    if (const auto* number = value->if_int64(); number && *number >= 0)
        return static_cast<std::uint64_t>(*number);
    if (const auto* number = value->if_uint64()) return *number;
    return std::nullopt;
}

/// A scalar or a list, of numbers or strings: TikTok sends all of these (W16).
std::vector<std::string> ids_at(const json::object& from, std::string_view name) {
    std::vector<std::string> ids;
    const json::value* value = from.if_contains(name);
    if (!value) return ids;
    const auto add = [&ids](const json::value& one) {
        if (std::string id = text_of(one); !id.empty()) ids.push_back(std::move(id));
    };
    if (const auto* list = value->if_array())
        for (const json::value& one : *list)
            add(one);
    else
        add(*value);
    return ids;
}

failure lacks(const document& answer, std::string_view what) {
    tiktok_error_text words{200, "", "", std::string(answer.log_id())};
    return failure(errc::tiktok_error, "TikTok's answer has no " + std::string(what) + ".")
        .tiktok(std::move(words));
}

json::object direct_post_info(const post_info& info) {
    json::object out;
    out["privacy_level"] = info.privacy_level;
    out["disable_comment"] = info.disable_comment;
    // TikTok's tables require both, its examples have neither (W11); sending them fits both.
    out["brand_content_toggle"] = info.brand_content_toggle;
    out["brand_organic_toggle"] = info.brand_organic_toggle;
    return out;
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
    json::object filters;
    filters["video_ids"] = list_of(ids);
    json::object body;
    body["filters"] = std::move(filters);
    return {endpoint::video_query, fields, written(body)};
}

api_request creator_info_request() {
    return {endpoint::creator_info, {}, {}};
}

api_request video_init_request(const post_info& info, const video_source& source) {
    json::object post = direct_post_info(info);
    if (!info.caption.empty()) post["title"] = info.caption;
    post["disable_duet"] = info.disable_duet;
    post["disable_stitch"] = info.disable_stitch;
    if (info.video_cover_timestamp_ms) post["video_cover_timestamp_ms"] = *info.video_cover_timestamp_ms;
    if (info.is_aigc) post["is_aigc"] = *info.is_aigc;
    json::object body;
    body["post_info"] = std::move(post);
    body["source_info"] = source_info(source);
    return {endpoint::video_init, {}, written(body)};
}

api_request inbox_init_request(const video_source& source) {
    json::object body;
    body["source_info"] = source_info(source);
    return {endpoint::inbox_init, {}, written(body)};
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
    json::object source;
    source["source"] = "PULL_FROM_URL";
    source["photo_images"] = list_of(urls);
    source["photo_cover_index"] = cover_index;
    json::object body;
    body["media_type"] = "PHOTO";
    body["post_mode"] = direct ? "DIRECT_POST" : "MEDIA_UPLOAD";
    if (info.is_aigc) body["is_aigc"] = *info.is_aigc;
    body["post_info"] = std::move(post);
    body["source_info"] = std::move(source);
    return {endpoint::content_init, {}, written(body)};
}

namespace {

/// Without a DOM, because statuses are queried often; the id's alphabet needs no escapes.
worker_string publish_id_body(const publish_id& id) {
    worker_string body;
    append_all(body, R"({"publish_id":")", id.text(), R"("})");
    return body;
}

} // namespace

api_request status_request(const publish_id& id) {
    return {endpoint::status_fetch, {}, publish_id_body(id)};
}

api_request cancel_request(const publish_id& id) {
    return {endpoint::cancel, {}, publish_id_body(id)};
}

result<creator> read_creator(document answer) {
    const json::object data = data_of(answer);
    creator out;
    out.privacy_levels = ids_at(data, "privacy_level_options");
    if (out.privacy_levels.empty()) return lacks(answer, "privacy_level_options");
    out.comment_disabled = flag_at(data, "comment_disabled");
    out.duet_disabled = flag_at(data, "duet_disabled");
    out.stitch_disabled = flag_at(data, "stitch_disabled");
    out.max_video_post_duration_sec =
        static_cast<std::int64_t>(count_at(data, "max_video_post_duration_sec").value_or(0));
    out.raw = std::move(answer);
    return out;
}

result<started_post> read_started_post(const document& answer, bool with_upload_url) {
    const json::object data = data_of(answer);
    auto id = check_publish_id(text_at(data, "publish_id"));
    if (!id) return lacks(answer, "publish_id").may_have_reached_tiktok();
    started_post out;
    out.id = std::move(*id);
    out.log_id = answer.log_id();
    if (with_upload_url) out.upload_url = text_at(data, "upload_url");
    if (with_upload_url && (out.upload_url.empty() || out.upload_url.size() > max_url_bytes))
        return lacks(answer, "usable upload_url").may_have_reached_tiktok();
    return out;
}

// Without a DOM, because a post's status is queried often.
result<post_status> read_post_status(document answer) {
    static constexpr std::string_view names[] = {"status", "fail_reason", "uploaded_bytes"};
    std::string_view values[std::size(names)];
    find_members(answer.data(), names, values);
    post_status out;
    out.status = json_short_text(values[0]);
    if (out.status.empty()) return lacks(answer, "status");
    out.fail_reason = json_text(values[1]);
    out.uploaded_bytes = json_count(values[2]);
    out.raw = std::move(answer);
    return out;
}

std::vector<std::string> post_status::post_ids() const {
    static constexpr std::string_view names[] = {
        "publicaly_available_post_id"}; // TikTok's spelling (docs/tiktok-wire.md §6)
    std::string_view values[std::size(names)];
    find_members(raw.data(), names, values);
    std::vector<std::string> ids;
    for (const std::string_view one : json_elements(values[0]))
        if (std::string id = json_text(one); !id.empty()) ids.push_back(std::move(id));
    return ids;
}

} // namespace gateway::tiktok
