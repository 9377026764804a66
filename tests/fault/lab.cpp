#include "fault/lab.hpp"

#include "fault/mishaps.hpp"

#include <csignal>
#include <future>
#include <stdexcept>

namespace fault {
namespace {

namespace json = boost::json;
using gateway::seconds;
using gateway::steady_now;

constexpr int rounds_per_world = 10;
constexpr unsigned unreadable_in = 3; // one in this many users gets an unreadable answer to an init
constexpr const char* failpoint = "TIKTOK_GATEWAY_FAILPOINT";

std::size_t requests_seen(harness::world& w) {
    return static_cast<std::size_t>(w.tiktok().history().at("requests_seen").to_number<std::int64_t>());
}

/// The answer; or an empty one, if the gateway was killed before the call reached it.
template <class Ask>
harness::answer try_to(Ask ask) {
    try {
        return ask();
    } catch (const std::runtime_error&) {
        return {};
    }
}

} // namespace

std::string told(const plan& what) {
    return "seed " + std::to_string(what.seed) + ", "
           + (what.step.empty() ? std::string("random kill") : what.step + ":" + std::to_string(what.hit))
           + ", rotation " + what.rotation + (what.refreshes ? ", refreshing" : "");
}

lab::lab(std::string gateway_program, std::string simulator_program, scene on)
    : gateway_program_(std::move(gateway_program)),
      simulator_program_(std::move(simulator_program)),
      on_(on) {}

void lab::make_world() {
    heir_ = nullptr; // the old world destroys it
    w_ = std::make_unique<harness::world>(gateway_program_, simulator_program_);
    w_->options.settings = wide_windows;
    w_->simulator_settings = wide_tiktok;
    if (on_.database) {
        schema_ = "lab_" + std::to_string(++worlds_made_);
        w_->options.variables["TIKTOK_GATEWAY__STORE__URL"] = on_.database->url(schema_);
        w_->options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = schema_;
    }
    if (on_.heir) heir_ = &w_->another_gateway();
    rounds_in_world_ = 0;
}

harness::http_client lab::survivor() {
    return heir_ ? w_->api_of(*heir_) : w_->api();
}

std::vector<lab::user> lab::connect_users(const plan& what) {
    w_->tiktok().change({{"switches", {{"rotation", what.rotation}}}});
    std::vector<user> users;
    for (int i = 0; i < 2; ++i) {
        const auto number = std::to_string(++users_made_);
        user one{"user-" + number, "account" + number};
        w_->tiktok().control().post("/accounts", json::object{{"username", one.account}});
        w_->connect(one.name, {{"account", one.account}});
        if (heir_) survivor().get("/v1/users/" + one.name + "/info"); // it has the old pair in memory
        users.push_back(std::move(one));
    }
    return users;
}

std::vector<harness::answer> lab::ask_until_killed(const plan& what, const std::vector<user>& users,
                                                   const std::vector<keyed_call>& keyed_calls,
                                                   std::mt19937& dice, tally& into) {
    for (const auto& one : users)
        if (what.refreshes)
            w_->tiktok().control().post("/tokens/expire",
                                        json::object{{"account", one.account}, {"kind", "access"}});
    for (const auto& one : users)
        if (!keyed_calls.empty() && dice() % unreadable_in == 0)
            w_->tiktok().add_fault(unreadable_init(one.account, dice));
    if (!what.step.empty()) w_->options.variables[failpoint] = what.step + ":" + std::to_string(what.hit);
    if (on_.database) armed_at_ = on_.database->run(schema_, "SELECT clock_timestamp()");
    const auto before = requests_seen(*w_);
    const auto api = w_->api(); // starts it
    std::vector<std::future<harness::answer>> reads, calls;
    for (const auto& one : users)
        reads.push_back(std::async(std::launch::async, [&] {
            return try_to([&] { return api.get("/v1/users/" + one.name + "/info"); });
        }));
    for (const auto& one : keyed_calls)
        calls.push_back(
            std::async(std::launch::async, [&] { return try_to([&] { return ask_for(api, one); }); }));
    if (what.step.empty()) {
        const auto moment = before + 1 + dice() % (2 + 3 * keyed_calls.size());
        const auto end = steady_now() + seconds{5};
        while (requests_seen(*w_) < moment && steady_now() < end) {
        }
        w_->gateway().process().signal(SIGKILL);
    }
    for (auto& read : reads)
        read.get();
    std::vector<harness::answer> answers;
    for (auto& call : calls)
        answers.push_back(call.get());
    const auto status = w_->stop_gateway(SIGKILL);
    if (what.step.empty() || status == 128 + SIGKILL) ++into.killed;
    w_->options.variables.erase(failpoint);
    return answers;
}

void lab::run(const plan& what, tally& into) {
    if (!w_ || rounds_in_world_ == rounds_per_world) make_world();
    ++rounds_in_world_;
    ++into.rounds;
    std::mt19937 dice(what.seed);
    const auto users = connect_users(what);
    std::vector<keyed_call> keyed_calls;
    for (const auto& one : users) {
        // A killed refresh is checked alone, because its step must be the only interrupted one.
        const bool alone = what.refreshes && !what.step.empty();
        for (auto& each : make_keyed_calls(*w_, one.name, alone ? 0 : 3, dice, next_size_))
            keyed_calls.push_back(std::move(each));
        if (alone) break;
    }
    w_->stop_gateway(SIGKILL);
    const std::vector<user> asking(users.begin(),
                                   what.refreshes && !what.step.empty() ? users.begin() + 1 : users.end());
    const auto killed_before = into.killed;
    const auto first = ask_until_killed(what, asking, keyed_calls, dice, into);
    if (on_.database) let_the_dead_be_dead(what, into);
    const auto history = w_->tiktok().history();
    for (const auto& one : users)
        check_user(what, one, into);
    int posted = 0;
    for (std::size_t i = 0; i < keyed_calls.size(); ++i)
        posted += check_keyed_call(what, keyed_calls[i], first[i], history, into);
    if (into.killed > killed_before) check_ended(what, keyed_calls, history, posted, into);
}

} // namespace fault
