// The keys of all writes, asked for once more.
#include "fault/chaos/audit.hpp"

namespace fault {
namespace {

using gateway::milliseconds;

// Longer than the silence after which another replica settles what a dead one left.
constexpr milliseconds key_patience{75'000}, status_patience{5'000};

/// A draft is no post, so a failed upload to the inbox has the code of its last chunk's failure.
bool is_in_doubt(const harness::answer& got) {
    return got.code() == "outcome_unknown"
           || got.text_at("error").find("may have this whole video") != std::string::npos;
}

/// Where the answer in doubt tells the post: in its data, or in its sentence.
std::string publish_id_in(const harness::answer& got) {
    const auto id = got.text_at("data.publish_id");
    if (!id.empty()) return id;
    constexpr std::string_view before = "/posts/";
    const auto text = got.text_at("error");
    const auto at = text.find(before);
    if (at == std::string::npos) return {};
    const auto begin = at + before.size();
    return text.substr(begin, text.find(' ', begin) - begin);
}

bool has_ended(const tiktok_truth::post* post) {
    return post && (post->state == "PUBLISH_COMPLETE" || post->state == "FAILED");
}

std::string about(const remembered_write& known, const harness::answer& got) {
    return known.what.key + " (kind " + std::to_string(static_cast<int>(known.what.kind))
           + (known.what.keyed ? "" : ", without a key") + "): " + got.raw.substr(0, 600);
}

} // namespace

harness::answer audit::last_word_on(const keyed_call& what) const {
    return ask_until_final([&](const harness::http_client& api) { return ask_for(api, what); }, key_patience);
}

void audit::look_at_keys(const std::vector<remembered_write>& writes) {
    std::vector<harness::answer> told(writes.size());
    for_each_at_once(writes.size(), [&](std::size_t i) {
        if (writes[i].what.keyed) told[i] = last_word_on(writes[i].what);
    });
    const auto by = truth();
    for (std::size_t i = 0; i < writes.size(); ++i) {
        check_one_post(writes[i], by);
        if (writes[i].what.keyed)
            judge_key(writes[i], told[i], by);
        else
            found_.count(figure::unkeyed_calls);
    }
}

void audit::check_one_post(const remembered_write& known, const tiktok_truth& by) {
    const auto posts = by.posts_of(known.what);
    if (posts > 1) found_.broken(promise::one_post, about(known, {}) + std::to_string(posts) + " posts");
    if (known.told_posted && posts == 0)
        found_.broken(promise::true_answers, about(known, {}) + "told as posted, and TikTok has none");
}

void audit::check_answer_stays(const remembered_write& known, const harness::answer& got) {
    if (!known.told_posted || known.told_undurable) return;
    if (got.status != 200 || got.text_at("data.publish_id") != known.publish_id)
        found_.broken(promise::answers_stay,
                      "posted as " + known.publish_id + ", and then " + about(known, got));
}

void audit::check_doubt_ends(const remembered_write& known, const harness::answer& got,
                             const tiktok_truth& by) {
    const auto id = publish_id_in(got);
    if (id.empty() || !has_ended(by.find(id))) return;
    const auto target = "/v1/users/" + known.what.user + "/posts/" + id;
    const auto status =
        ask_until_final([&](const harness::http_client& api) { return api.get(target); }, status_patience);
    const auto state = status.text_at("data.state");
    if (state != "published" && state != "failed") return; // TikTok could not be asked
    const auto again = last_word_on(known.what);
    if (again.code() == "outcome_unknown")
        found_.broken(promise::doubts_end, "its post is " + state + ": " + about(known, again));
}

void audit::judge_key(const remembered_write& known, const harness::answer& got, const tiktok_truth& by) {
    found_.count(figure::keyed_calls);
    check_answer_stays(known, got);
    const auto posts = by.posts_of(known.what);
    if (got.code() == "in_progress" || got.status == 0) {
        found_.broken(promise::keys_end, about(known, got));
    } else if (got.status == 200) {
        found_.count(figure::posted);
        if (posts == 0) found_.broken(promise::true_answers, "TikTok has none of " + about(known, got));
    } else if (is_in_doubt(got)) {
        found_.count(figure::in_doubt);
        check_doubt_ends(known, got, by);
    } else {
        found_.count(figure::not_posted);
        if (posts > 0 && !known.told_posted && got.code() != "post_failed")
            found_.broken(promise::true_answers, "TikTok has " + about(known, got));
    }
}

} // namespace fault
