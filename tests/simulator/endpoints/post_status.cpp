// POST /v2/post/publish/status/fetch/ and /v2/post/publish/cancel/ (docs/tiktok-wire.md §4.5, §4.6, §6, W16).
#include "endpoints/endpoints.hpp"
#include "endpoints/posting.hpp"

#include <boost/json/array.hpp>

namespace gateway::simulator {

namespace {

struct found_post {
    post* one = nullptr;
    std::optional<answer> refusal;
};

found_post find_post(call& c, const post_call& from) {
    std::string id;
    if (!read_text(from.body, "publish_id", id) || id.empty()) {
        return {nullptr, refuse_post_params(c, "The publish_id is missing")};
    }
    c.record.publish_id = id;
    post* one = c.w.posts.find(id);
    if (!one) return {nullptr, refuse(c, 400, "invalid_publish_id", "The publish_id does not exist")};
    if (one->username != from.consent->username || one->client_key != from.consent->client_key) {
        return {nullptr, refuse(c, 400, "token_not_authorized_for_specified_publish_id",
                                "The token is not authorized for the specified publish_id")};
    }
    return {one, std::nullopt};
}

/// The ids that the status shows now, which may be long after the event.
std::vector<std::int64_t> told_post_ids(const world& w, const post& one) {
    const std::string& come = w.config.choice.post_ids_come;
    if (come == "in_time") return one.post_ids;
    std::vector<std::int64_t> told;
    if (come == "never") return told;
    const milliseconds late{w.config.timing.post_ids_late_ms};
    for (std::size_t i = 0; i < one.post_ids.size(); ++i) {
        if (one.public_since.at(i) + late <= w.now()) told.push_back(one.post_ids[i]);
    }
    return told;
}

void add_post_ids(const world& w, const post& one, boost::json::object& data) {
    constexpr std::string_view key = "publicaly_available_post_id";
    const std::vector<std::int64_t> told = told_post_ids(w, one);
    const std::string& shape = w.config.choice.post_ids;
    if (told.empty() && w.config.choice.no_post_ids == "absent") return;
    if (shape == "scalar" && !told.empty()) {
        data[key] = told.front();
        return;
    }
    boost::json::array ids;
    for (const std::int64_t id : told) {
        ids.push_back(shape == "numbers" ? boost::json::value(id)
                                         : boost::json::value(std::to_string(id).c_str()));
    }
    data[key] = std::move(ids);
}

} // namespace

answer fetch_status(call& c) {
    const post_call begun = begin_post_call(c, {"video.upload", "video.publish"}, "status/fetch",
                                            c.w.config.limits.status_per_minute);
    if (begun.refusal) return *begun.refusal;
    const found_post found = find_post(c, begun);
    if (found.refusal) return *found.refusal;
    const post& one = *found.one;
    boost::json::object data{{"status", name_of(one.status)}};
    if (one.status == post_status::failed) data["fail_reason"] = one.fail_reason;
    if (one.status == post_status::publish_complete) add_post_ids(c.w, one, data);
    data[one.pull ? "downloaded_bytes" : "uploaded_bytes"] =
        one.pull ? one.downloaded_bytes : one.uploaded_bytes;
    return succeed(c, std::move(data));
}

answer cancel_post(call& c) {
    const post_call begun = begin_post_call(c, {"video.upload", "video.publish"}, "cancel", -1);
    if (begun.refusal) return *begun.refusal;
    const found_post found = find_post(c, begun);
    if (found.refusal) return *found.refusal;
    post& one = *found.one;
    const bool downloading =
        one.status == post_status::processing_download && one.pulled.size() < one.urls.size();
    if (!downloading)
        return refuse(c, 400, "publish_not_cancellable", "The publish task cannot be cancelled");
    c.w.posts.fail(one, "publish_cancelled");
    return succeed_without_data(c);
}

} // namespace gateway::simulator
