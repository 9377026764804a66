#include "fault/lab.hpp"

#include <boost/json/array.hpp>

#include <csignal>
#include <future>
#include <stdexcept>

namespace fault {
namespace {

namespace json = boost::json;
using gateway::seconds;
using gateway::steady_now;

constexpr int rounds_per_world = 10;
constexpr const char* wide_windows =
    "limits:\n  tiktok: {user_info_per_minute: 100000, creator_info_per_minute: 100000, "
    "video_init_per_minute: 100000, "
    "inbox_init_per_minute: 100000, content_init_per_minute: 100000, status_fetch_per_minute: 100000}\n";
constexpr const char* wide_tiktok =
    "limits: {display_per_minute: 100000, creator_info_per_minute: 100000, init_per_minute: 100000, "
    "status_per_minute: 100000, posts_per_day: 100000, drafts_per_day: 100000}\n"
    "timing: {processing_ms: 20, moderation_ms: 20, pull_start_ms: 600000, lag_ms: 300}\n";
constexpr const char* failpoint = "TIKTOK_GATEWAY_FAILPOINT";

std::size_t requests_seen(harness::world& w) {
    return static_cast<std::size_t>(w.tiktok().history().at("requests_seen").to_number<std::int64_t>());
}

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

std::string told(const plan& what) {
    return "seed " + std::to_string(what.seed) + ", "
           + (what.step.empty() ? std::string("random kill") : what.step + ":" + std::to_string(what.hit))
           + ", rotation " + what.rotation + (what.refreshes ? ", refreshing" : "");
}

lab::lab(std::string gateway_program, std::string simulator_program)
    : gateway_program_(std::move(gateway_program)), simulator_program_(std::move(simulator_program)) {}

std::vector<lab::user> lab::connect_users(const plan& what) {
    w_->tiktok().change({{"switches", {{"rotation", what.rotation}}}});
    std::vector<user> users;
    for (int i = 0; i < 2; ++i) {
        const auto number = std::to_string(++users_made_);
        user one{"user-" + number, "account" + number};
        w_->tiktok().control().post("/accounts", json::object{{"username", one.account}});
        w_->connect(one.name, {{"account", one.account}});
        users.push_back(std::move(one));
    }
    return users;
}

void lab::ask_until_killed(const plan& what, const std::vector<user>& users, const std::vector<wish>& wishes,
                           std::mt19937& dice, tally& into) {
    for (const auto& one : users)
        if (what.refreshes)
            w_->tiktok().control().post("/tokens/expire",
                                        json::object{{"account", one.account}, {"kind", "access"}});
    if (!what.step.empty()) w_->options.variables[failpoint] = what.step + ":" + std::to_string(what.hit);
    const auto before = requests_seen(*w_);
    const auto api = w_->api(); // starts it
    std::vector<std::future<harness::answer>> calls;
    for (const auto& one : users)
        calls.push_back(
            std::async(std::launch::async, [&] { return api.get("/v1/users/" + one.name + "/info"); }));
    for (const auto& one : wishes)
        calls.push_back(std::async(std::launch::async, [&] { return ask_for(api, one); }));
    if (what.step.empty()) {
        const auto moment = before + 1 + dice() % (2 + 3 * wishes.size());
        const auto end = steady_now() + seconds{5};
        while (requests_seen(*w_) < moment && steady_now() < end) {
        }
        w_->gateway().process().signal(SIGKILL);
    }
    for (auto& call : calls)
        call.get();
    const auto status = w_->stop_gateway(SIGKILL);
    if (what.step.empty() || status == 128 + SIGKILL) ++into.killed;
    w_->options.variables.erase(failpoint);
}

void lab::check_wish(const plan& of, const wish& what, const json::object& history, tally& into) {
    const auto api = w_->api();
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
    const auto api = w_->api();
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

void lab::run(const plan& what, tally& into) {
    if (!w_ || rounds_in_world_ == rounds_per_world) {
        w_ = std::make_unique<harness::world>(gateway_program_, simulator_program_);
        w_->options.settings = wide_windows;
        w_->simulator_settings = wide_tiktok;
        rounds_in_world_ = 0;
    }
    ++rounds_in_world_;
    ++into.rounds;
    std::mt19937 dice(what.seed);
    const auto users = connect_users(what);
    std::vector<wish> wishes;
    for (const auto& one : users) {
        // A refresh that is killed is looked at alone: its step must be the only one that is cut off.
        const bool alone = what.refreshes && !what.step.empty();
        for (auto& each : make_wishes(*w_, one.name, alone ? 0 : 3, dice, next_size_))
            wishes.push_back(std::move(each));
        if (alone) break;
    }
    w_->stop_gateway(SIGKILL);
    const std::vector<user> asking(users.begin(),
                                   what.refreshes && !what.step.empty() ? users.begin() + 1 : users.end());
    ask_until_killed(what, asking, wishes, dice, into);
    const auto history = w_->tiktok().history();
    for (const auto& one : users)
        check_user(what, one, into);
    for (const auto& one : wishes)
        check_wish(what, one, history, into);
}

} // namespace fault
