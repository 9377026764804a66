#include "deterministic/post_history.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace gateway::simulation {
namespace {

constexpr std::string_view mark = "mark";

outbound::reply reply_of(int status, std::string body, std::string content_range = {}) {
    outbound::reply out;
    out.status = status;
    out.bytes = body;
    out.content_range = std::move(content_range);
    return out;
}

outbound::reply good(const std::string& data) {
    return reply_of(200, R"({"data":)" + data + R"(,"error":{"code":"ok","message":"","log_id":"l"}})");
}

outbound::reply refused(int status, const std::string& code) {
    return reply_of(status, R"({"error":{"code":")" + code + R"(","message":"no","log_id":"l"}})");
}

std::uint64_t number_after(std::string_view text, std::string_view what) {
    const auto at = text.find(what);
    if (at == std::string_view::npos) return 0;
    text.remove_prefix(at + what.size());
    std::uint64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
}

} // namespace

std::string mark_of(std::size_t key) {
    return std::string(mark) + std::to_string(key) + ".";
}

std::size_t key_in(std::string_view text) {
    return number_after(text, mark);
}

outbound::reply post_history::take(std::string_view request) {
    const auto head = request.substr(0, request.find("\r\n"));
    const auto body = request.substr(request.find("\r\n\r\n") + 4);
    if (head.starts_with("PUT ")) return put(request);
    if (head.find("/creator_info/") != std::string_view::npos)
        return good(R"({"privacy_level_options":["SELF_ONLY"],"max_video_post_duration_sec":600})");
    if (head.find("/status/fetch/") != std::string_view::npos) return status(body);
    const bool pulls = body.find("PULL_FROM_URL") != std::string_view::npos;
    return begin(body, !pulls);
}

outbound::reply post_history::begin(std::string_view body, bool brings_bytes) {
    simulated_post made;
    made.id = "v_pub_url~v2." + std::to_string(posts_.size());
    made.key = key_in(body);
    made.size_bytes = brings_bytes ? number_after(body, R"("video_size":)") : 0;
    made.posted = !brings_bytes; // TikTok pulls and posts it without further requests
    posts_.push_back(made);
    if (on_begin) on_begin(posts_.size() - 1);
    std::string data = R"({"publish_id":")" + made.id + "\"";
    if (brings_bytes)
        data += R"(,"upload_url":"https://upload.us.tiktokapis.com/video/?upload_id=)"
                + std::to_string(posts_.size() - 1) + R"(&upload_token=t")";
    return good(data + "}");
}

outbound::reply post_history::put(std::string_view request) {
    auto& post = posts_.at(number_after(request, "upload_id="));
    const auto first = number_after(request, "Content-Range: bytes ");
    const auto size = request.size() - request.find("\r\n\r\n") - 4;
    const auto total = "/" + std::to_string(post.size_bytes);
    const auto so_far = [&post, &total] {
        return "bytes 0-" + std::to_string(std::max<std::uint64_t>(post.received_bytes, 1) - 1) + total;
    };
    if (first != post.received_bytes) return reply_of(416, "", so_far());
    post.received_bytes += size;
    post.posted = post.received_bytes == post.size_bytes;
    return reply_of(post.posted ? 201 : 206, "", so_far());
}

std::size_t post_history::number_of(std::string_view id) {
    return number_after(id, "v_pub_url~v2.");
}

/// A post is found by the number at the end of its id.
outbound::reply post_history::status(std::string_view body) {
    ++status_calls_;
    const auto number = number_of(body);
    if (number < posts_.size() && body.find("\"" + posts_[number].id + "\"") != std::string_view::npos) {
        const auto& post = posts_[number];
        if (!post.status.empty())
            return good(R"({"status":")" + post.status + R"(","fail_reason":")" + post.fail_reason
                        + R"(","publicaly_available_post_id":[)" + post.public_id + "]}");
        return good(post.posted ? R"({"status":"PUBLISH_COMPLETE","fail_reason":""})"
                                : R"({"status":"PROCESSING_UPLOAD","fail_reason":"","uploaded_bytes":)"
                                      + std::to_string(post.received_bytes) + "}");
    }
    return refused(400, "invalid_publish_id");
}

std::size_t post_history::key_of(std::string_view request) const {
    if (!request.starts_with("PUT ")) return key_in(request);
    return posts_.at(number_after(request, "upload_id=")).key;
}

std::size_t post_history::posts_of(std::size_t key) const {
    return static_cast<std::size_t>(std::count_if(
        posts_.begin(), posts_.end(), [key](const auto& one) { return one.key == key && one.posted; }));
}

bool post_history::has_posted(std::size_t key, std::string_view id) const {
    return std::any_of(posts_.begin(), posts_.end(),
                       [&](const auto& one) { return one.key == key && one.posted && one.id == id; });
}

} // namespace gateway::simulation
