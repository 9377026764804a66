#include "state/post.hpp"

#include <boost/json/array.hpp>

namespace gateway::simulator {

std::string_view name_of(post_status status) {
    switch (status) {
        case post_status::processing_upload:
            return "PROCESSING_UPLOAD";
        case post_status::processing_download:
            return "PROCESSING_DOWNLOAD";
        case post_status::send_to_user_inbox:
            return "SEND_TO_USER_INBOX";
        case post_status::publish_complete:
            return "PUBLISH_COMPLETE";
        case post_status::failed:
            break;
    }
    return "FAILED";
}

boost::json::object to_json(const post& one) {
    boost::json::array chunks, pulled, post_ids, urls;
    for (const chunk_record& chunk : one.chunks) {
        chunks.push_back(
            {{"first", chunk.first}, {"last", chunk.last}, {"size", chunk.last - chunk.first + 1}});
    }
    for (const pulled_record& item : one.pulled) {
        boost::json::object shown{
            {"url", item.url}, {"sha256", item.sha256}, {"type", item.type}, {"size_bytes", item.size_bytes}};
        if (item.pixels) {
            shown["width"] = item.pixels->width;
            shown["height"] = item.pixels->height;
        }
        pulled.push_back(std::move(shown));
    }
    for (const std::int64_t id : one.post_ids) {
        post_ids.push_back(std::to_string(id).c_str());
    }
    for (const std::string& url : one.urls) {
        urls.push_back(boost::json::string(url));
    }
    return {{"publish_id", one.publish_id},
            {"client_key", one.client_key},
            {"account", one.username},
            {"token_id", one.token_id},
            {"kind", one.photo ? "photo" : "video"},
            {"mode", one.direct ? "direct" : "inbox"},
            {"source", one.pull ? "PULL_FROM_URL" : "FILE_UPLOAD"},
            {"state", name_of(one.status)},
            {"fail_reason", one.fail_reason},
            {"caption", one.caption},
            {"description", one.description},
            {"privacy_level", one.privacy_level},
            {"post_info", one.post_info},
            {"is_aigc", one.is_aigc},
            {"size_bytes", one.size_bytes},
            {"chunk_size", one.chunk_size},
            {"total_chunk_count", one.total_chunk_count},
            {"uploaded_bytes", one.uploaded_bytes},
            {"downloaded_bytes", one.downloaded_bytes},
            {"sha256", one.sha256},
            {"chunks", chunks},
            {"urls", urls},
            {"photo_cover_index", one.photo_cover_index},
            {one.photo ? "photos" : "pulled", pulled},
            {"post_ids", post_ids},
            {"created_ms", unix_ms(one.created_at)}};
}

} // namespace gateway::simulator
