// TikTok accepts a write, but its answer cannot be read: every network fault of the simulator and every
// answer that the gateway refuses, for each action that can post, at its init and at its last bytes, with a
// key and without, repeated by its caller. The simulator's history must show at most one post.
#include "fault/campaign.hpp"
#include "fault/keyed_calls.hpp"
#include "harness/unreadable_answers.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

namespace fault {
namespace {

namespace json = boost::json;
using gateway::milliseconds;
using gateway::steady_now;
using harness::unreadable_answer;

constexpr std::size_t callers = 24, times_asked = 3; // many, because a case mostly waits
constexpr std::size_t smallest_bytes = 20'000;
constexpr milliseconds deadline{1'500}; // of each write

/// Network faults; the request may or may not have had its effect.
std::vector<unreadable_answer> lost_on_the_wire() {
    std::vector<unreadable_answer> all{
        {"reset", {{"reset_before_answer", true}}},
        {"reset, without effect", {{"reset_before_answer", true}, {"apply", false}}},
        {"503 without effect", {{"status", 503}, {"body", ""}, {"apply", false}}},
        {"hangs", {{"hang", true}}},
        {"a byte now and then", {{"drip_ms", 50}}},
        {"reset within the request", {{"reset_after_request_bytes", 10}}},
    };
    for (const int at : {0, 1, 60, 150}) {
        all.push_back({"reset at byte " + std::to_string(at), {{"reset_at_byte", at}}});
        all.push_back({"cut at byte " + std::to_string(at), {{"truncate_at_byte", at}}});
    }
    return all;
}

/// Unusual answers that are valid.
std::vector<unreadable_answer> readable() {
    json::object many_fields;
    for (int i = 0; i < 80; ++i)
        many_fields["X-Field-" + std::to_string(i)] = std::string(600, 'f');
    return {
        {"closes behind its answer", {{"close", true}}},
        {"more bytes behind it", {{"extra_bytes", "HTTP/1.1 200 OK\r\n\r\n"}}},
        {"late", {{"delay_ms", 50}}},
        {"80 fields, 50 KB", {{"headers", many_fields}}},
        {"a cookie of 9 KB", {{"headers", {{"Set-Cookie", std::string(9 * 1024, 'c')}}}}},
    };
}

enum class place { init, last_bytes };

struct scenario {
    unreadable_answer fault;
    place at = place::init;
    keyed_call_kind kind = keyed_call_kind::photos;
    bool keyed = false;
    bool is_readable = false;

    bool init_can_post() const { return kind == keyed_call_kind::photos || kind == keyed_call_kind::pull; }
    std::string told() const {
        return "kind " + std::to_string(static_cast<int>(kind)) + (keyed ? ", keyed, " : ", no key, ")
               + (at == place::init ? "init: " : "last bytes: ") + fault.name;
    }
};

std::vector<scenario> all_scenarios() {
    std::vector<scenario> all;
    const auto add = [&all](const std::vector<unreadable_answer>& faults, bool is_readable) {
        for (const auto& one : faults)
            for (const auto kind :
                 {keyed_call_kind::photos, keyed_call_kind::pull, keyed_call_kind::inbox_upload,
                  keyed_call_kind::direct_upload, keyed_call_kind::publish, keyed_call_kind::batch})
                for (const bool keyed : {true, false}) {
                    scenario made{one, place::init, kind, keyed, is_readable};
                    all.push_back(made);
                    made.at = place::last_bytes;
                    if (!made.init_can_post()) all.push_back(made);
                }
    };
    add(lost_on_the_wire(), false);
    add(harness::unreadable_answers(), false);
    add(readable(), true);
    return all;
}

bool says_ask_again(const harness::answer& got) {
    const auto retryable = got.at("problem.retryable");
    return retryable.is_bool() && retryable.get_bool();
}

class UnreadableAnswers : public testing::Test {
protected:
    UnreadableAnswers() {
        const auto ms = std::to_string(deadline.count());
        w.options.settings =
            std::string(wide_windows) + "deadlines: {post_ms: " + ms + ", upload_base_ms: " + ms + "}\n";
        w.simulator_settings = std::string(wide_tiktok) + "history_requests: 1000000\n";
    }

    /// Runs all cases from several threads; reports violations at the end.
    void run_all() {
        const auto all = all_scenarios();
        (void)w.gateway();
        std::atomic<std::size_t> next{0};
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < callers; ++i)
            threads.emplace_back([&] {
                for (auto at = next++; at < all.size(); at = next++)
                    play(all[at], at);
            });
        threads.clear();
        for (const auto& each : violations)
            ADD_FAILURE() << each;
    }

    std::unique_ptr<harness::postgresql_server> database; // outlives the gateway
    harness::world w{GATEWAY_PROGRAM, SIMULATOR_PROGRAM};

private:
    void wrong(const scenario& of, const std::string& why, const harness::answer& got) {
        const std::lock_guard guard(lock);
        violations.push_back(of.told() + ": " + why + ": " + got.raw.substr(0, 900));
    }

    void play(const scenario& of, std::size_t number) {
        const auto name = "user" + std::to_string(number);
        w.tiktok().control().post("/accounts", json::object{{"username", name}});
        w.connect(name, {{"account", name}});
        keyed_call what{.kind = of.kind, .user = name};
        what.key = "key-" + std::to_string(number);
        what.size_bytes = smallest_bytes + 2 * number;
        what.keyed = of.keyed;
        prepare(w, what);
        const json::object at_init{
            {"listener", "api"}, {"path", "/v2/post/publish/*init/"}, {"account", name}};
        const json::object at_bytes{{"listener", "upload"}, {"method", "PUT"}, {"account", name}};
        w.tiktok().add_fault(
            json::object{{"match", of.at == place::init ? at_init : at_bytes}, {"do", of.fault.effect}});
        std::vector<harness::answer> heard;
        milliseconds slowest{0};
        do {
            const auto began = steady_now();
            heard.push_back(ask_for(w.api(), what));
            slowest = std::max(slowest, std::chrono::duration_cast<milliseconds>(steady_now() - began));
        } while (heard.size() < times_asked && (of.keyed || says_ask_again(heard.back())));
        judge(of, what, heard, slowest);
    }

    void judge(const scenario& of, const keyed_call& what, const std::vector<harness::answer>& heard,
               milliseconds slowest) {
        const auto history = w.tiktok().control().get("/history?account=" + what.user).json().as_object();
        const auto& last = heard.back();
        for (const int posts : whole_posts_of(what, history)) {
            if (posts > 1) wrong(of, "posted " + std::to_string(posts) + " times", last);
            if (posts == 0 && last.status == 200 && last.code().empty())
                wrong(of, "answered as posted, and TikTok has none", last);
        }
        if (of.is_readable && last.status != 200) wrong(of, "an answer that can be read was not", last);
        if (!of.is_readable && of.init_can_post()) judge_doubt(of, history, heard);
        if (!of.is_readable && !of.init_can_post()) judge_upload(of, last, slowest);
    }

    /// The init itself can post, so its result is unknown, and every call must be answered with
    /// outcome_unknown.
    void judge_doubt(const scenario& of, const json::object& history,
                     const std::vector<harness::answer>& heard) {
        std::size_t inits = 0;
        for (const auto& each : history.at("requests").as_array())
            if (std::string_view(each.as_object().at("path").as_string()).ends_with("init/")) ++inits;
        if (inits != 1) wrong(of, std::to_string(inits) + " inits", heard.back());
        for (const auto& got : heard)
            if (got.status != 409 || got.code() != "outcome_unknown" || says_ask_again(got)
                || got.header("x-should-retry") != "false")
                wrong(of, "not told as in doubt", got);
        if (!of.keyed && heard.size() > 1) wrong(of, "asked to try again", heard.front());
    }

    /// The init alone posts nothing, and after the last bytes TikTok's status can be read, so the write must
    /// end as posted, unless the fault used up the time. A 429 closes the user's window for a minute. A batch
    /// without a key is not sent again, since the file that is posted would be posted twice.
    void judge_upload(const scenario& of, const harness::answer& last, milliseconds slowest) {
        const bool is_posted = last.status == 200 && last.code().empty();
        const bool is_partly_posted = !of.keyed && last.code() == "partial_failure";
        if (!is_posted && !is_partly_posted && last.code() != "rate_limited" && slowest < deadline / 2)
            wrong(of, "not posted, and there was time for it", last);
    }

    std::mutex lock;
    std::vector<std::string> violations;
};

TEST_F(UnreadableAnswers, Fault0NoAnswerThatCannotBeReadMakesASecondPost) {
    run_all();
}

class UnreadableAnswersOnPostgresql : public UnreadableAnswers {
protected:
    UnreadableAnswersOnPostgresql() {
        database = std::make_unique<harness::postgresql_server>();
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = database->url("unreadable");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "unreadable";
    }
};

TEST_F(UnreadableAnswersOnPostgresql, Fault0NoAnswerThatCannotBeReadMakesASecondPost) {
    run_all();
}

} // namespace
} // namespace fault
