#include "fault/writes.hpp"

#include "fault/mishaps.hpp"

namespace fault {
namespace {

namespace json = boost::json;
using gateway::milliseconds;
using gateway::seconds;
using gateway::steady_now;

constexpr seconds patience{60};
constexpr milliseconds impatient{700}; // the timeout of a caller that disconnects before the answer
constexpr unsigned impatient_in = 20;
constexpr std::size_t smallest_bytes = 20'000;

bool says_ask_again(const harness::answer& got) {
    const auto retryable = got.at("problem.retryable");
    return got.status == 0 || (retryable.is_bool() && retryable.get_bool());
}

/// A draft is not a post, so a failed upload to the inbox is answered with the code of its last chunk's
/// failure, and its text says not to repeat it.
bool is_in_doubt(const keyed_call& what, const harness::answer& got) {
    return got.code() == "outcome_unknown"
           || (what.kind == keyed_call_kind::inbox_upload
               && got.text_at("error").find("may have this whole video") != std::string::npos);
}

std::string text_of(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string{};
}

bool is_init(const json::object& request) {
    return text_of(request, "path").ends_with("init/");
}

bool is_chunk(const json::object& request) {
    return text_of(request, "method") == "PUT";
}

bool is_status(const json::object& request) {
    return text_of(request, "path") == "/v2/post/publish/status/fetch/";
}

template <class Which>
std::size_t count_of(const json::array& requests, Which which, bool lost_only) {
    std::size_t count = 0;
    for (const auto& each : requests) {
        const auto& one = each.as_object();
        if (which(one) && (!lost_only || one.at("faulted").as_bool())) ++count;
    }
    return count;
}

} // namespace

write_campaign::write_campaign(harness::world& w, std::vector<const harness::gateway_process*> replicas,
                               std::uint32_t seed)
    : w_(w), replicas_(std::move(replicas)), seed_(seed) {}

void write_campaign::wrong(const keyed_call& what, const std::string& why, const harness::answer& got) {
    const std::lock_guard guard(lock_);
    counts_.violations.push_back("seed " + std::to_string(seed_) + ", " + what.key + " (kind "
                                 + std::to_string(static_cast<int>(what.kind)) + "): " + why + ": "
                                 + got.raw.substr(0, 900));
}

harness::answer write_campaign::ask_any(const keyed_call& what, bool patient) {
    auto api = w_.api_of(*replicas_[turn_++ % replicas_.size()]);
    if (!patient) api.wait_at_most(impatient);
    return ask_for(api, what);
}

harness::answer write_campaign::ask_until_told(const keyed_call& what, std::mt19937& dice) {
    const auto end = steady_now() + patience;
    std::size_t asked = 1;
    auto got = ask_any(what, dice() % impatient_in != 0);
    for (; says_ask_again(got) && steady_now() < end; ++asked)
        got = ask_any(what, true);
    const std::lock_guard guard(lock_);
    counts_.asked += asked;
    return got;
}

write_campaign::seen write_campaign::look_at_tiktok(const keyed_call& what, const std::string& account,
                                                    std::int64_t& last_request) {
    const auto history = w_.tiktok().control().get("/history?account=" + account).json().as_object();
    seen out;
    for (const auto& each : history.at("requests").as_array()) {
        const auto number = each.at("number").to_number<std::int64_t>();
        if (number <= last_request) continue;
        last_request = number;
        out.requests.push_back(each);
    }
    out.whole_posts = whole_posts_of(what, history)[0];
    return out;
}

void write_campaign::judge(const keyed_call& what, const harness::answer& got, const seen& by,
                           milliseconds took) {
    const auto inits = count_of(by.requests, is_init, false),
               lost_inits = count_of(by.requests, is_init, true);
    const auto lost_chunks = count_of(by.requests, is_chunk, true),
               lost_status = count_of(by.requests, is_status, true);
    const auto lost = posts_by_its_init(what) ? lost_inits : lost_chunks;
    const bool unknown = is_in_doubt(what, got);
    if (by.whole_posts > 1) wrong(what, "posted " + std::to_string(by.whole_posts) + " times", got);
    if (got.status == 200 && by.whole_posts == 0) wrong(what, "answered as posted, and TikTok has none", got);
    if (got.status != 200 && !unknown) wrong(what, "neither posted nor in doubt", got);
    if (posts_by_its_init(what)) {
        if (inits > 1) wrong(what, std::to_string(inits) + " inits, each of which can post", got);
        if (unknown && lost_inits == 0) wrong(what, "in doubt, and no answer was lost", got);
        if (!unknown && lost_inits > 0) wrong(what, "not in doubt, and the answer was lost", got);
    } else if (unknown && lost_chunks == 0) {
        wrong(what, "in doubt, and no chunk's answer was lost", got);
    } else if (unknown && lost_status == 0 && took < write_deadline / 2) {
        wrong(what, "in doubt, and there was time to ask TikTok, which would have answered", got);
    }
    const std::lock_guard guard(lock_);
    ++counts_.writes;
    counts_.answers_lost += lost_inits + lost_chunks;
    if (lost == 0) ++counts_.certain;
    if (!unknown && by.whole_posts == 1) ++counts_.posted;
    if (unknown) ++counts_.unknown;
    if (unknown && by.whole_posts == 1) ++counts_.unknown_posted;
}

/// A fault may lose this answer, too; a read is repeated.
void write_campaign::ask_for_status(const keyed_call& what, const harness::answer& got) {
    const auto id = got.text_at("data.publish_id");
    const auto end = steady_now() + patience;
    const auto target = "/v1/users/" + what.user + "/posts/" + id;
    auto told = w_.api_of(*replicas_[turn_++ % replicas_.size()]).get(target);
    while (says_ask_again(told) && steady_now() < end)
        told = w_.api_of(*replicas_[turn_++ % replicas_.size()]).get(target);
    if (told.status != 200) wrong(what, "no status of what was posted", told);
}

/// The same key again must give the first answer and have no effect.
void write_campaign::ask_again(const keyed_call& what, const harness::answer& first) {
    const auto again = ask_any(what, true);
    if (again.header("idempotent-replayed") != "true" || again.status != first.status
        || again.text_at("data.publish_id") != first.text_at("data.publish_id")
        || again.code() != first.code())
        wrong(what, "asked again it is not told the same", again);
}

void write_campaign::write_as(std::size_t user, std::size_t writes) {
    const auto name = std::to_string(user);
    const std::string account = "account" + name;
    w_.tiktok().control().post("/accounts", json::object{{"username", account}});
    w_.connect("user-" + name, {{"account", account}});
    std::mt19937 dice(seed_ + static_cast<std::uint32_t>(user));
    std::int64_t last_request = 0;
    for (std::size_t i = 0; i < writes; ++i) {
        keyed_call one{.kind = static_cast<keyed_call_kind>(dice() % 4), .user = "user-" + name};
        one.key = one.user + "-write-" + std::to_string(i);
        one.size_bytes = smallest_bytes + i; // unique within the account
        for (const auto& each : mishaps_of(one, account, dice))
            w_.tiktok().add_fault(each);
        const auto began = steady_now();
        const auto got = ask_until_told(one, dice);
        const auto took = std::chrono::duration_cast<milliseconds>(steady_now() - began);
        if (got.status == 200) ask_for_status(one, got);
        ask_again(one, got);
        judge(one, got, look_at_tiktok(one, account, last_request), took);
    }
}

} // namespace fault
