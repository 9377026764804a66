#include "fault/keyed_calls.hpp"

#include <boost/json/array.hpp>

#include <set>
#include <stdexcept>

namespace fault {
namespace {

namespace json = boost::json;

std::string path_of(const keyed_call& what, const std::string& rest) {
    return "/v1/users/" + what.user + rest;
}

std::string stage(harness::world& w, std::size_t size_bytes) {
    const auto staged =
        w.api().call("POST", "/v1/files", {{"Content-Type", "video/mp4"}}, video_of(size_bytes));
    if (staged.status != 200) throw std::runtime_error("staging: " + staged.raw);
    return staged.text_at("data.file_id");
}

/// Makes a draft in the creator's inbox whose bytes the gateway keeps.
std::string draft_of(harness::world& w, const keyed_call& what) {
    const auto made = w.api().call("POST", path_of(what, "/videos"), {{"Content-Type", "video/mp4"}},
                                   video_of(what.size_bytes));
    const auto id = made.text_at("data.publish_id");
    const auto end = gateway::steady_now() + gateway::seconds{10};
    const auto* in_inbox = "SEND_TO_USER_INBOX";
    while (gateway::steady_now() < end) {
        const auto post = w.tiktok().post(id);
        const auto* state = post.if_contains("state");
        if (state && *state == in_inbox) return id;
    }
    throw std::runtime_error("no draft came of it: " + made.raw);
}

std::string text_of(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string{};
}

std::int64_t number_of(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value && value->is_int64() ? value->get_int64() : 0;
}

bool is_whole(const json::object& post) {
    return text_of(post, "source") != "FILE_UPLOAD"
           || number_of(post, "uploaded_bytes") == number_of(post, "size_bytes");
}

bool is_any(const json::object&) {
    return true;
}

/// `each` is called with every post that TikTok has for it and the number of its file.
template <class Each>
void for_each_post(const keyed_call& what, const json::object& history, Each each) {
    const bool by_size = what.kind == keyed_call_kind::inbox_upload || what.kind == keyed_call_kind::batch;
    const std::size_t files = what.kind == keyed_call_kind::batch ? what.files.size() : 1;
    for (const auto& one : history.at("posts").as_array()) {
        const auto& post = one.as_object();
        if (!by_size && text_of(post, "caption") == what.key) each(post, 0);
        for (std::size_t file = 0; by_size && file < files; ++file)
            if (number_of(post, "size_bytes") == static_cast<std::int64_t>(what.size_bytes + file))
                each(post, file);
    }
}

template <class Which>
std::vector<int> count_posts(const keyed_call& what, const json::object& history, Which which) {
    std::vector<int> counts(what.kind == keyed_call_kind::batch ? what.files.size() : 1);
    for_each_post(what, history, [&](const json::object& post, std::size_t file) {
        if (which(post)) ++counts[file];
    });
    return counts;
}

} // namespace

std::string video_of(std::size_t size_bytes) {
    std::string video(
        "\0\0\0\x18"
        "ftypmp42",
        12);
    video.resize(size_bytes, 'v');
    return video;
}

void prepare(harness::world& w, keyed_call& what) {
    if (what.kind == keyed_call_kind::publish) what.draft = draft_of(w, what);
    if (what.kind == keyed_call_kind::batch)
        for (std::size_t file = 0; file < 2; ++file)
            what.files.push_back(stage(w, what.size_bytes + file));
}

std::vector<keyed_call> make_keyed_calls(harness::world& w, const std::string& user, std::size_t count,
                                         std::mt19937& dice, std::size_t& next_size) {
    std::vector<keyed_call> keyed_calls;
    for (std::size_t i = 0; i < count; ++i) {
        keyed_call one{.kind = static_cast<keyed_call_kind>(dice() % 6), .user = user};
        one.key = user + "-key-" + std::to_string(i);
        one.size_bytes = next_size;
        prepare(w, one);
        next_size += 2;
        keyed_calls.push_back(std::move(one));
    }
    return keyed_calls;
}

harness::answer ask_for(const harness::http_client& api, const keyed_call& what) {
    harness::fields key;
    if (what.keyed) key.emplace("Idempotency-Key", what.key);
    harness::fields video = key;
    video.emplace("Content-Type", "video/mp4");
    switch (what.kind) {
        case keyed_call_kind::inbox_upload:
            return api.call("POST", path_of(what, "/videos?keep=false"), video, video_of(what.size_bytes));
        case keyed_call_kind::direct_upload:
            return api.call("POST", path_of(what, "/videos?publish=true&caption=" + what.key), video,
                            video_of(what.size_bytes));
        case keyed_call_kind::photos:
            return api.post(path_of(what, "/photos"),
                            json::object{{"photo_images", {"https://media.example.com/1.jpg"}},
                                         {"photo_cover_index", 0},
                                         {"post_mode", "DIRECT_POST"},
                                         {"title", what.key}},
                            key);
        case keyed_call_kind::pull:
            return api.post(path_of(what, "/videos"),
                            json::object{{"video_url", "https://media.example.com/1.mp4"},
                                         {"publish", true},
                                         {"caption", what.key}},
                            key);
        case keyed_call_kind::publish:
            return api.post(path_of(what, "/posts/" + what.draft + "/publish"),
                            json::object{{"caption", what.key}}, key);
        case keyed_call_kind::batch:
            break;
    }
    json::array files;
    for (const auto& id : what.files)
        files.push_back(json::object{{"file_id", id}});
    return api.post(path_of(what, "/videos/batch"),
                    json::object{{"files_to_upload", std::move(files)}, {"keep", false}}, key);
}

bool posts_by_its_init(const keyed_call& what) {
    return what.kind == keyed_call_kind::photos || what.kind == keyed_call_kind::pull;
}

std::vector<int> inits_of(const keyed_call& what, const json::object& history) {
    return count_posts(what, history, is_any);
}

int lost_inits_of(const keyed_call& what, const json::object& history) {
    std::set<std::string> ids;
    for_each_post(what, history,
                  [&ids](const json::object& post, std::size_t) { ids.insert(text_of(post, "publish_id")); });
    int lost = 0;
    for (const auto& each : history.at("requests").as_array()) {
        const auto& request = each.as_object();
        const bool is_init = text_of(request, "path").ends_with("init/");
        if (is_init && request.at("faulted").as_bool() && ids.contains(text_of(request, "publish_id")))
            ++lost;
    }
    return lost;
}

std::vector<int> whole_posts_of(const keyed_call& what, const json::object& history) {
    return count_posts(what, history, is_whole);
}

} // namespace fault
