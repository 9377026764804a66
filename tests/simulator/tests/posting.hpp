// Posts of the demo creator, for tests: inits of each kind, their status, and the events to the app.
#pragma once
#include "endpoints/pulls.hpp"
#include "tiktok.hpp"

#include <boost/json/array.hpp>

namespace gateway::simulator::testing {

inline constexpr const char* publish = "/v2/post/publish/";
inline constexpr const char* file_source =
    R"("source_info":{"source":"FILE_UPLOAD","video_size":12,"chunk_size":12,"total_chunk_count":1})";

class Posting : public tiktok {
protected:
    std::string token = tokens_for("demo").access_token;

    answer ask(const std::string& endpoint, const std::string& body) {
        return post_json(publish + endpoint, token, body);
    }
    answer direct(const std::string& level = "SELF_ONLY", const std::string& title = "hello") {
        return ask("video/init/", R"({"post_info":{"privacy_level":")" + level + R"(","title":")" + title
                                      + "\"}," + file_source + "}");
    }
    answer draft() { return ask("inbox/video/init/", std::string("{") + file_source + "}"); }
    answer photos(const std::string& mode, const std::string& url = "https://media.example.test/p.jpg") {
        return ask("content/init/", R"({"media_type":"PHOTO","post_mode":")" + mode
                                        + R"(","post_info":{"title":"t","privacy_level":"SELF_ONLY"},)"
                                        + R"("source_info":{"source":"PULL_FROM_URL","photo_cover_index":0,)"
                                        + R"("photo_images":[")" + url + "\"]}}");
    }
    static std::string id_of(const answer& out) {
        return std::string(data_of(out).at("publish_id").as_string());
    }
    boost::json::object status(const std::string& id) {
        w.windows.clear();
        return data_of(ask("status/fetch/", R"({"publish_id":")" + id + "\"}"));
    }
    std::string state(const std::string& id) { return std::string(status(id).at("status").as_string()); }
    /// All twelve bytes at once.
    void upload_whole(const std::string& id) {
        post* one = w.posts.find(id);
        one->head = std::string("\0\0\0\x0c", 4) + "ftypmp42";
        one->uploaded_bytes = 12;
        w.posts.bytes_complete(*one, w.find_account(one->username)->facts.fail_posts_with, w.config.timing,
                               w.now());
    }
    string_list events() const {
        string_list names;
        for (const webhook_record& one : w.past.webhooks()) {
            names.push_back(one.event);
        }
        return names;
    }
};

} // namespace gateway::simulator::testing
