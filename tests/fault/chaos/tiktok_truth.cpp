#include "fault/chaos/tiktok_truth.hpp"

#include <boost/json/array.hpp>

namespace fault {

std::string text_in(const boost::json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string{};
}

std::int64_t number_in(const boost::json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value && value->is_number() ? value->to_number<std::int64_t>() : 0;
}

tiktok_truth::tiktok_truth(boost::json::object history) {
    for (const auto& one : history.at("posts").as_array())
        read_post(one.as_object());
    for (const auto& one : history.at("requests").as_array())
        read_request(one.as_object());
    windows_ = std::move(history.at("windows").as_object());
}

void tiktok_truth::read_post(const boost::json::object& from) {
    post one{text_in(from, "publish_id"), text_in(from, "account"), text_in(from, "state")};
    const auto size_bytes = number_in(from, "size_bytes");
    one.whole = text_in(from, "source") != "FILE_UPLOAD" || number_in(from, "uploaded_bytes") == size_bytes;
    if (one.whole) {
        const auto caption = text_in(from, "caption");
        if (!caption.empty()) ++whole_by_caption_[caption];
        if (size_bytes > 0) ++whole_by_size_[size_bytes];
    }
    posts_.emplace(one.publish_id, one);
}

void tiktok_truth::read_request(const boost::json::object& from) {
    ++calls_;
    if (text_in(from, "path") != "/v2/oauth/token/" || text_in(from, "grant_type") != "refresh_token") return;
    ++refreshes_;
    const auto account = text_in(from, "account");
    const auto refusal = text_in(from, "error_code");
    if (refusal == "invalid_grant") refused_[account] = true;
    if (refusal.empty())
        rotations_[account] = {.came_ms = number_in(from, "time_ms"),
                               .answered_ms = number_in(from, "answered_ms"),
                               .unread = from.contains("unread")};
}

int tiktok_truth::posts_of(const keyed_call& what) const {
    if (what.kind == keyed_call_kind::inbox_upload) {
        const auto found = whole_by_size_.find(static_cast<std::int64_t>(what.size_bytes));
        return found == whole_by_size_.end() ? 0 : found->second;
    }
    const auto found = whole_by_caption_.find(what.key);
    return found == whole_by_caption_.end() ? 0 : found->second;
}

const tiktok_truth::post* tiktok_truth::find(const std::string& publish_id) const {
    const auto found = posts_.find(publish_id);
    return found == posts_.end() ? nullptr : &found->second;
}

std::vector<const tiktok_truth::post*> tiktok_truth::posts_of_account(const std::string& account) const {
    std::vector<const post*> out;
    for (const auto& [id, one] : posts_)
        if (one.account == account) out.push_back(&one);
    return out;
}

std::optional<tiktok_truth::rotation> tiktok_truth::last_rotation(const std::string& account) const {
    const auto found = rotations_.find(account);
    return found == rotations_.end() ? std::nullopt : std::optional(found->second);
}

bool tiktok_truth::refused_a_refresh(const std::string& account) const {
    return refused_.contains(account);
}

} // namespace fault
