// Invented answers of TikTok with realistic sizes. Constant texts.
#pragma once
#include <string>

namespace gateway::micro {

/// 370 bytes, like most answers.
inline const std::string user_info =
    R"({"data":{"user":{"open_id":"723f24d7-e717-40f8-a2b6-cb8464cd23b4","union_id":)"
    R"("c9c60f44-a68e-4f5d-84dd-ce22faeb0ba1","avatar_url":"https://p19-sign.example.test/tos-avt-0068/)"
    R"(b17f0e4b3a4f4a50993cf72cda8b88b8~c5_168x168.jpeg?x-expires=1726131600","display_name":"A Maker of Morning Videos"}},"error":)"
    R"({"code":"ok","message":"","log_id":"2024091203141592653589793238462643"}})";

/// For a public post: one post id.
inline const std::string post_status =
    R"({"data":{"status":"PUBLISH_COMPLETE","fail_reason":"","publicaly_available_post_id":)"
    R"([7412345678901234567],"uploaded_bytes":30567100},"error":{"code":"ok","message":"",)"
    R"("log_id":"2024091203141592653589793238462643"}})";

/// A full page of 20 videos: 20 KiB.
inline std::string video_list() {
    std::string text = R"({"data":{"videos":[)";
    for (int i = 0; i < 20; ++i) {
        const auto id = "74123456789012345" + std::to_string(10 + i);
        text += R"({"id":")" + id + R"(","create_time":1726110855,"title":"Morning run \u2600 day )"
                + std::to_string(i) + R"(","video_description":")" + std::string(300, 'd')
                + R"( #run #morning","duration":37,"height":1024,"width":576,"cover_image_url":)"
                + R"("https://p16-sign.example.test/tos-maliva-p-0068/)" + std::string(180, 'c')
                + R"(.jpeg?x-expires=1726132455","share_url":"https://www.tiktok.example/@creator/video/)"
                + id + R"(?utm_campaign=tt4d_open_api&utm_source=aw0123456789","embed_link":)"
                + R"("https://www.tiktok.example/player/v1/)" + id
                + R"(?utm_campaign=tt4d_open_api","like_count":10423,"comment_count":211,"share_count":37,)"
                + R"("view_count":1203344},)";
    }
    text.back() = ']';
    return text + R"(,"cursor":1726110855000,"has_more":true},"error":{"code":"ok","message":"",)"
           + R"("log_id":"2024091203141592653589793238462643"}})";
}

} // namespace gateway::micro
