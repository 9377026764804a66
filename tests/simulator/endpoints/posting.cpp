#include "endpoints/posting.hpp"

#include "endpoints/display.hpp"
#include "rules/chunk_rules.hpp"
#include "rules/names.hpp"
#include "rules/text_length.hpp"
#include "rules/urls.hpp"

#include <boost/json/value.hpp>

#include <algorithm>

namespace gateway::simulator {

namespace {

/// TikTok uses the same text for nearly every 403 of an init.
constexpr std::string_view guidelines =
    "Please review our integration guidelines at "
    "https://developers.tiktok.com/doc/content-sharing-guidelines/";

const boost::json::value* given(const boost::json::object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    return found && !found->is_null() ? found : nullptr;
}

} // namespace

post_call begin_post_call(call& c, const string_list& scopes, const std::string& endpoint,
                          std::int64_t per_minute) {
    post_call begun;
    begun.consent = authenticate(c);
    if (!begun.consent) {
        begun.refusal = refuse_token(c);
        return begun;
    }
    const bool allowed = std::any_of(scopes.begin(), scopes.end(),
                                     [&](const std::string& one) { return has_scope(*begun.consent, one); });
    if (!allowed) {
        begun.refusal = refuse_scope(c);
        return begun;
    }
    if (per_minute >= 0) {
        const auto wait = c.w.windows.take(endpoint + "\n" + c.record.token_id, per_minute,
                                           milliseconds{c.w.config.limits.window_ms}, c.w.now());
        if (wait) {
            begun.refusal = refuse_rate(c, *wait);
            return begun;
        }
    }
    begun.app = c.w.find_app(begun.consent->client_key);
    begun.user = c.w.find_account(begun.consent->username);
    const auto body = json_body(c);
    if (!body) {
        begun.refusal = refuse_post_params(c, "The request body is not valid JSON");
    } else {
        begun.body = *body;
    }
    return begun;
}

const boost::json::object* object_in(const boost::json::object& from, std::string_view key) {
    const auto* found = given(from, key);
    return found ? found->if_object() : nullptr;
}

bool read_text(const boost::json::object& from, std::string_view key, std::string& into) {
    const auto* found = given(from, key);
    if (!found) return true;
    if (!found->is_string()) return false;
    into = found->as_string();
    return true;
}

bool read_flag(const boost::json::object& from, std::string_view key, bool& into) {
    const auto* found = given(from, key);
    if (!found) return true;
    if (!found->is_bool()) return false;
    into = found->as_bool();
    return true;
}

bool read_integer(const boost::json::object& from, std::string_view key, std::int64_t& into) {
    const auto* found = given(from, key);
    if (!found) return true;
    if (!found->is_int64()) return false;
    into = found->as_int64();
    return true;
}

std::optional<answer> check_text(call& c, std::string& text, std::size_t most, const char* name) {
    const bool code_points = c.w.config.choice.text_units == "code_points";
    if (text_length(text, code_points) <= most) return std::nullopt;
    if (c.w.config.choice.long_text == "refuse") {
        return refuse_post_params(c, std::string("The ") + name + " is too long");
    }
    text = cut_text(text, most, code_points);
    return std::nullopt;
}

std::optional<answer> check_pull_url(call& c, const app_settings& app, const std::string& url) {
    const bool plain = url.starts_with("http://") && c.w.config.choice.plain_http_pull == "fail_later";
    if ((url.starts_with("https://") || plain) && is_owned(app, url)) return std::nullopt;
    return refuse(c, 403, "url_ownership_unverified", guidelines);
}

std::optional<answer> read_video_source(call& c, const post_call& from, post& into) {
    const boost::json::object* source = object_in(from.body, "source_info");
    if (!source) return refuse_post_params(c, "The source_info is missing");
    std::string kind;
    if (!read_text(*source, "source", kind)) return refuse_post_params(c, "The source is invalid");
    if (kind == "PULL_FROM_URL") {
        std::string url;
        if (!read_text(*source, "video_url", url) || url.empty()) {
            return refuse_post_params(c, "The video_url is invalid");
        }
        into.pull = true;
        into.urls = {url};
        return check_pull_url(c, *from.app, url);
    }
    if (kind != "FILE_UPLOAD") return refuse_post_params(c, "The source is invalid");
    chunk_plan plan;
    if (!read_integer(*source, "video_size", plan.video_size)) {
        return refuse_post_params(c, "The video size is invalid");
    }
    if (!read_integer(*source, "chunk_size", plan.chunk_size)) {
        return refuse_post_params(c, "The chunk size is invalid");
    }
    if (!read_integer(*source, "total_chunk_count", plan.total_chunk_count)) {
        return refuse_post_params(c, "The total chunk count is invalid");
    }
    const switches& choice = c.w.config.choice;
    const std::string_view fault =
        fault_of_plan(plan, bounds_of(choice.chunk_bounds, choice.ceil_chunk_count == "accept"));
    if (!fault.empty()) return refuse_post_params(c, fault);
    into.size_bytes = plan.video_size;
    into.chunk_size = plan.chunk_size;
    into.total_chunk_count = plan.total_chunk_count;
    return std::nullopt;
}

answer refuse_cap(call& c, std::string_view code) {
    return refuse(c, 403, code, guidelines);
}

answer begin_post(call& c, const post_call& from, post one) {
    const std::string kind = one.photo ? "p_pub" : one.direct ? "v_pub" : "v_inbox";
    const bool chunked = !one.pull && one.direct;
    one.publish_id = kind
                     + (one.pull  ? "_url~v2."
                        : chunked ? "_file~v2-1."
                                  : "_file~v2.")
                     + std::to_string(new_post_id());
    one.client_key = from.consent->client_key;
    one.username = from.consent->username;
    one.token_id = c.record.token_id;
    one.status = one.pull ? post_status::processing_download : post_status::processing_upload;
    one.created_at = c.w.now();
    if (!one.pull) {
        one.upload_id = std::to_string(new_post_id());
        one.upload_token = random_letters(48);
        one.upload_expires_at = c.w.now() + milliseconds{c.w.config.timing.upload_url_lifetime_ms};
    }
    const std::string& endless = c.w.config.choice.endless_pulls;
    one.endless = one.pull && (endless == "all" || (endless == "videos" && !one.photo));
    const post& kept = c.w.posts.add(std::move(one), c.w.config.timing);
    c.record.publish_id = kept.publish_id;
    boost::json::object data{{"publish_id", kept.publish_id}};
    if (kept.pull) {
        if (!kept.endless) c.w.out.pulls.push_back({kept.publish_id, kept.urls});
    } else {
        data["upload_url"] =
            c.w.upload_origin + "/video/?upload_id=" + kept.upload_id + "&upload_token=" + kept.upload_token;
    }
    return succeed(c, std::move(data));
}

} // namespace gateway::simulator
