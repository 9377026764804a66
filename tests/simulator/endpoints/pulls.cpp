#include "endpoints/pulls.hpp"

#include "rules/media_type.hpp"

namespace gateway::simulator {

namespace {

constexpr std::int64_t photo_bytes_most = 20 * 1024 * 1024;

post* downloading(world& w, const std::string& publish_id) {
    post* one = w.posts.find(publish_id);
    return one && one->status == post_status::processing_download ? one : nullptr;
}

/// Why TikTok refuses this picture; empty if it is accepted (docs/tiktok-wire.md §5.3, W31).
std::string_view fault_of_picture(media_type type, const pulled_record& item, const switches& choice) {
    constexpr std::int64_t shorter_side_most = 1'080;
    if (!is_photo(type)) return "file_format_check_failed";
    if (item.size_bytes > photo_bytes_most) return "picture_size_check_failed";
    if (!item.pixels) return choice.picture_without_size == "refuse" ? "file_format_check_failed" : "";
    return item.pixels->shorter_side() > shorter_side_most ? "picture_size_check_failed" : "";
}

} // namespace

bool note_pulled_bytes(world& w, const std::string& publish_id, std::int64_t more) {
    post* one = downloading(w, publish_id);
    if (one) one->downloaded_bytes += more;
    return one != nullptr;
}

void note_pulled(world& w, const std::string& publish_id, pulled_record item, const std::string& head) {
    post* one = downloading(w, publish_id);
    if (!one) return;
    const media_type type = sniff(head);
    item.type = name_of(type);
    const std::string_view fault = one->photo ? fault_of_picture(type, item, w.config.choice) : "";
    if (!fault.empty()) {
        w.posts.fail(*one, std::string(fault));
        return;
    }
    if (!one->photo) {
        one->head = head;
        one->sha256 = item.sha256;
        one->size_bytes = item.size_bytes;
    }
    one->pulled.push_back(std::move(item));
    if (one->pulled.size() < one->urls.size()) return;
    const account* owner = w.find_account(one->username);
    w.posts.bytes_complete(*one, owner ? owner->facts.fail_posts_with : "", w.config.timing, w.now());
}

void note_pull_failed(world& w, const std::string& publish_id) {
    if (post* one = downloading(w, publish_id)) {
        w.posts.fail(*one, one->photo ? "photo_pull_failed" : "video_pull_failed");
    }
}

} // namespace gateway::simulator
