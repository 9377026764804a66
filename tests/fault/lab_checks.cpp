// What has to be true after a kill, by TikTok's true history and by what callers are told.
#include "fault/lab.hpp"

#include <boost/json/array.hpp>

#include <algorithm>

namespace fault {
namespace {

namespace json = boost::json;
using gateway::milliseconds;
using gateway::seconds;
using gateway::steady_now;

constexpr seconds silence{61};    // a lease and a replica's silence last a minute
constexpr seconds heir_within{5}; // after that, what was left is seen to this soon (T01)
constexpr seconds slack{3};       // for a machine that has other things to do
constexpr const char* nothing_is_left =
    "NOT EXISTS (SELECT 1 FROM refresh_intents) AND NOT EXISTS (SELECT 1 FROM posts WHERE state = 'begun') "
    "AND NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE finished = 0)";

/// Answers that only say "not yet".
bool is_final(const harness::answer& got) {
    return got.status != 0 && got.code() != "in_progress" && got.code() != "not_ready"
           && got.code() != "tiktok_unreachable" && got.code() != "tiktok_error";
}

template <class Ask>
harness::answer ask_until_final(Ask ask) {
    const auto end = steady_now() + seconds{20};
    auto got = ask();
    while (!is_final(got) && steady_now() < end)
        got = ask();
    return got;
}

} // namespace

void lab::let_the_dead_be_dead(const plan& of, tally& into) {
    // What the dead one sent last may still be on its way into the tables.
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

void lab::check_wish(const plan& of, const wish& what, const json::object& history, tally& into) {
    const auto api = survivor();
    const auto got = ask_until_final([&] { return ask_for(api, what); });
    const auto after = w_->tiktok().history();
    const auto first = whole_posts_of(what, history), now = whole_posts_of(what, after);
    const auto wrong = [&](const std::string& why) {
        into.violations.push_back(told(of) + ", " + what.key + " (kind "
                                  + std::to_string(static_cast<int>(what.kind)) + "): " + why + ": "
                                  + got.raw.substr(0, 900));
    };
    ++into.wishes;
    bool once = true;
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i] > 1)
            wrong("posted " + std::to_string(now[i]) + " times (" + std::to_string(first[i]) + " before)");
        once = once && now[i] == 1;
    }
    if (once) ++into.posted;
    const auto inner =
        got.text_at("data.results.0.problem.code") + got.text_at("data.results.1.problem.code");
    const bool unknown =
        got.code() == "outcome_unknown" || inner.find("outcome_unknown") != std::string::npos;
    if (unknown) ++into.unknown;
    if (got.status == 200 && got.code().empty() && !once) wrong("answered as posted, and TikTok has none");
    if (got.code() == "reconnect_required" && lost_.contains(what.user))
        return; // that is counted with the user
    if (got.status != 200 && !unknown) wrong("neither posted nor in doubt");
    // The first attempt of all had begun, so no other call can have got any further.
    if (unknown && of.step == "post.begun" && of.hit == 1 && what.kind != wish_kind::photos
        && what.kind != wish_kind::pull)
        wrong("in doubt although nothing had left");
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
    // Only these steps lie between the rotation and the new pair's being durable.
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
