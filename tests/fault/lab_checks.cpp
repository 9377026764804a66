// What must be true after a kill, checked with the simulator's history and with the answers to callers.
#include "fault/lab.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace fault {
namespace {

namespace json = boost::json;
using gateway::milliseconds;
using gateway::seconds;
using gateway::steady_now;

constexpr seconds silence{61};    // leases and the time until a silent replica counts as dead last a minute
constexpr seconds heir_within{5}; // after that the other replica settles everything within this time (T01)
constexpr seconds slack{3};       // for a busy machine
constexpr const char* nothing_is_left =
    "NOT EXISTS (SELECT 1 FROM refresh_intents) AND NOT EXISTS (SELECT 1 FROM posts WHERE state = 'begun') "
    "AND NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE finished = 0)";

/// Whether a file of a batch may be sent again.
bool has_retryable_file(const harness::answer& got) {
    const auto retryable = [&got](const char* file) {
        const auto value = got.at("data.results." + std::string(file) + ".problem.retryable");
        return value.is_bool() && value.get_bool();
    };
    return retryable("0") || retryable("1");
}

/// False for answers that mean "not yet".
bool is_final(const harness::answer& got) {
    return got.status != 0 && got.code() != "in_progress" && got.code() != "not_ready"
           && got.code() != "tiktok_unreachable" && got.code() != "tiktok_error" && !has_retryable_file(got);
}

template <class Ask>
harness::answer ask_until_final(Ask ask) {
    const auto end = steady_now() + seconds{20};
    auto got = ask();
    while (!is_final(got) && steady_now() < end)
        got = ask();
    return got;
}

bool is_in_doubt(const harness::answer& got) {
    return got.code() == "outcome_unknown" || got.text_at("data.results.0.problem.code") == "outcome_unknown"
           || got.text_at("data.results.1.problem.code") == "outcome_unknown";
}

bool is_about_lost_user(const harness::answer& got) {
    constexpr const char* code = "reconnect_required";
    return got.code() == code || got.text_at("data.results.0.problem.code") == code
           || got.text_at("data.results.1.problem.code") == code;
}

bool is_posted(const harness::answer& got) {
    return got.status == 200 && got.code().empty();
}

bool is_same_post(const harness::answer& a, const harness::answer& b) {
    return b.status == 200 && a.at("data.publish_id") == b.at("data.publish_id")
           && a.at("data.results.0.publish_id") == b.at("data.results.0.publish_id")
           && a.at("data.results.1.publish_id") == b.at("data.results.1.publish_id");
}

/// Whether anything that happened can leave this call in doubt: a fault that took the answer to an init that
/// posts by itself, or the kill, where the call had no answer yet and its post was begun. `after` is TikTok's
/// history once the call was made again, which may have met the fault only then.
bool may_be_in_doubt(const plan& of, const keyed_call& what, const harness::answer& first,
                     const json::object& history, const json::object& after) {
    if (posts_by_its_init(what) && lost_inits_of(what, after) > 0) return true;
    if (first.status != 0) return false;
    const auto inits = inits_of(what, history);
    if (std::any_of(inits.begin(), inits.end(), [](int count) { return count > 0; })) return true;
    // TikTok saw none. One that can post by itself may have been on its way, unless the kill came with the
    // first claim of all; without a byte of an upload nothing can be posted.
    return posts_by_its_init(what) && !(of.step == "key.claimed" && of.hit == 1);
}

bool is_about_ended_keys(const plan& of) {
    return of.step == "key.to_be_finished" || of.step == "key.finished";
}

/// In steps: a batch ends one post for each file, and a key for each file and for itself.
int posts_answered(const plan& of, const keyed_call& what, const harness::answer& got) {
    if (what.kind != keyed_call_kind::batch || got.status != 200) return is_posted(got) ? 1 : 0;
    int posted = is_about_ended_keys(of) && is_posted(got) ? 1 : 0;
    for (std::size_t i = 0; i < what.files.size(); ++i)
        if (got.at("data.results." + std::to_string(i) + ".successful") == true) ++posted;
    return posted;
}

} // namespace

void lab::let_the_dead_be_dead(const plan& of, tally& into) {
    // Waits until the killed gateway's last statements have ended.
    on_.database->comes_true(schema_,
                             "NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = "
                             "'tiktok-gateway' AND backend_start > '"
                                 + armed_at_ + "')",
                             slack);
    on_.database->pass_time(schema_, silence);
    if (!heir_) return;
    const auto began = steady_now();
    const bool settled = on_.database->comes_true(schema_, nothing_is_left, heir_within + slack);
    const auto took = std::chrono::duration_cast<milliseconds>(steady_now() - began);
    into.slowest_heir = std::max(into.slowest_heir, took);
    if (!settled) into.violations.push_back(told(of) + ": nobody saw to what the dead one left");
}

int lab::check_keyed_call(const plan& of, const keyed_call& what, const harness::answer& first,
                          const json::object& history, tally& into) {
    const auto api = survivor();
    const auto got = ask_until_final([&] { return ask_for(api, what); });
    const auto after = w_->tiktok().history();
    const auto before = whole_posts_of(what, history), now = whole_posts_of(what, after);
    const auto wrong = [&](const std::string& why) {
        into.violations.push_back(told(of) + ", " + what.key + " (kind "
                                  + std::to_string(static_cast<int>(what.kind)) + "): " + why + ": "
                                  + got.raw.substr(0, 900));
    };
    ++into.keyed_calls;
    bool once = true;
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i] > 1)
            wrong("posted " + std::to_string(now[i]) + " times (" + std::to_string(before[i]) + " before)");
        once = once && now[i] == 1;
    }
    const bool unknown = is_in_doubt(got);
    const bool may_be_unknown = may_be_in_doubt(of, what, first, history, after);
    if (is_posted(got) && !once) wrong("answered as posted, and TikTok has none");
    if (is_about_lost_user(got) && lost_.contains(what.user)) {
        ++into.of_lost_users; // the loss is counted with the user
        return 0;
    }
    if (!is_posted(got) && !unknown) wrong("neither posted nor in doubt");
    if (unknown && !may_be_unknown) wrong("in doubt, and neither a fault nor the kill gave a reason");
    if (is_posted(first) && !is_same_post(first, got))
        wrong("answered as posted before the kill, and not after");
    if (unknown) ++into.unknown;
    if (unknown && once) ++into.unknown_posted;
    if (is_posted(got) && once) ++into.posted;
    if (!may_be_unknown) ++into.certain;
    return posts_answered(of, what, got);
}

void lab::check_ended(const plan& of, const std::vector<keyed_call>& keyed_calls, const json::object& history,
                      int posted, tally& into) {
    if (of.step != "post.ended" && !is_about_ended_keys(of)) return;
    int lost = 0; // such an init ends its post record, too, but without a post
    for (const auto& one : keyed_calls)
        lost += lost_inits_of(one, history);
    if (posted < of.hit - lost)
        into.violations.push_back(told(of) + ": " + std::to_string(of.hit) + " had ended before the kill, "
                                  + std::to_string(lost) + " of them by a fault, and only "
                                  + std::to_string(posted) + " are answered as posted");
}

/// TikTok has given this account a new pair in this round.
bool lab::rotated_for(const user& who, const json::object& history) const {
    for (const auto& each : history.at("requests").as_array()) {
        const auto& request = each.as_object();
        const auto* path = request.if_contains("path");
        const auto* account = request.if_contains("account");
        if (path && *path == "/v2/oauth/token/" && account
            && *account == boost::json::string_view(who.account))
            return true;
    }
    return false;
}

void lab::check_user(const plan& of, const user& who, tally& into) {
    const auto api = survivor();
    const auto got = ask_until_final([&] { return api.get("/v1/users/" + who.name + "/info"); });
    if (got.status == 200) return;
    const auto shown = api.get("/v1/users/" + who.name);
    const bool strict = of.rotation != "none" && of.rotation != "grace";
    // Only these steps are between the rotation and the durable write of the new pair.
    const bool in_window = of.step.empty() || of.step == "refresh.answered";
    const bool reported =
        got.code() == "reconnect_required" && shown.text_at("data.cause") == "rotation_response_lost";
    if (strict && in_window && of.refreshes && reported && rotated_for(who, w_->tiktok().history())) {
        ++into.users_lost;
        lost_.insert(who.name);
        return;
    }
    into.violations.push_back(told(of) + ", " + who.name + ": a token is lost: " + got.raw.substr(0, 600)
                              + shown.raw);
}

} // namespace fault
