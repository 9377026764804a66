// The ledger's rows, user by user.
#include "fault/chaos/audit.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <set>

namespace fault {
namespace {

using gateway::milliseconds;

constexpr milliseconds list_patience{10'000};

bool is_open(const std::string& state) {
    return state == "processing" || state == "unconfirmed";
}

/// The states that a row may have while TikTok has this.
std::set<std::string> states_for(const tiktok_truth::post& post) {
    if (post.state == "PUBLISH_COMPLETE") return {"published"};
    if (post.state == "SEND_TO_USER_INBOX") return {"in_inbox"};
    if (post.state == "FAILED") return {"failed"};
    // An upload that broke off came to nothing, which TikTok never says.
    if (!post.whole) return {"processing", "unconfirmed", "failed"};
    return {"processing", "unconfirmed"};
}

} // namespace

std::vector<audit::row> audit::rows_of(const std::string& user) const {
    std::vector<row> out;
    std::string cursor;
    do {
        const auto target =
            "/v1/users/" + user + "/posts?limit=100" + (cursor.empty() ? "" : "&cursor=" + cursor);
        const auto page =
            ask_until_final([&](const harness::http_client& api) { return api.get(target); }, list_patience);
        const auto posts = page.at("data.posts");
        if (!posts.is_array()) return {{"", "no list", page.raw.substr(0, 400)}};
        for (const auto& one : posts.get_array())
            out.push_back({text_in(one.as_object(), "publish_id"), text_in(one.as_object(), "state"),
                           boost::json::serialize(one)});
        cursor = page.text_at("data.next_cursor");
    } while (!cursor.empty());
    return out;
}

/// TikTok is asked for what has no end yet, as far as the user's window allows it.
void audit::ask_for_open_ends(const chaos_user& who) {
    for (const auto& one : rows_of(who.name)) {
        if (one.publish_id.empty() || !is_open(one.state)) continue;
        const auto target = "/v1/users/" + who.name + "/posts/" + one.publish_id;
        const auto got =
            ask_until_final([&](const harness::http_client& api) { return api.get(target); }, list_patience);
        if (got.status == 200) continue;
        found_.count(figure::ledger_rows_not_asked);
        const std::lock_guard guard(lock_);
        rows_not_asked_.insert(one.publish_id);
    }
}

void audit::look_at_ledger(const std::vector<chaos_user>& users) {
    for_each_at_once(users.size(), [&](std::size_t i) { ask_for_open_ends(users[i]); });
    const auto by = truth();
    for (const auto& who : users)
        judge_rows(who, rows_of(who.name), by);
}

void audit::judge_row(const chaos_user& who, const row& one, const tiktok_truth& by) {
    found_.count(figure::ledger_rows);
    const auto wrong = [&](const std::string& why) {
        found_.broken(promise::rows_true, who.name + ": " + why + ": " + one.text);
    };
    if (one.publish_id.empty()) {
        if (one.state != "unconfirmed") wrong("neither a post nor in doubt");
        return;
    }
    const auto* post = by.find(one.publish_id);
    if (!post) return wrong("TikTok has no such post");
    if (post->account != who.account) return wrong("it is a post of " + post->account);
    if (rows_not_asked_.contains(one.publish_id)) return;
    if (!states_for(*post).contains(one.state)) wrong("TikTok says " + post->state);
}

void audit::judge_rows(const chaos_user& who, const std::vector<row>& rows, const tiktok_truth& by) {
    std::set<std::string> listed;
    std::size_t in_doubt = 0, missing = 0;
    for (const auto& one : rows) {
        judge_row(who, one, by);
        if (one.publish_id.empty() && one.state == "unconfirmed") ++in_doubt;
        if (!listed.insert(one.publish_id).second && !one.publish_id.empty())
            found_.broken(promise::rows_true, who.name + ": listed twice: " + one.text);
    }
    std::string which;
    for (const auto* post : by.posts_of_account(who.account)) {
        if (!post->whole || listed.contains(post->publish_id)) continue;
        ++missing;
        which += " " + post->publish_id;
    }
    // One whose init was in flight when its replica died is a row in doubt without an id.
    if (missing > in_doubt)
        found_.broken(promise::posts_listed, who.name + ": " + std::to_string(missing)
                                                 + " posts are not listed, and only "
                                                 + std::to_string(in_doubt) + " rows are in doubt:" + which);
}

} // namespace fault
