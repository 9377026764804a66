// The database of three replicas stops under load and starts again. OUTAGE_S is the length of the outage; by
// default it is short enough for every test run.
#include "fault/campaign.hpp"

#include <boost/json/array.hpp>

#include <array>
#include <atomic>
#include <thread>

namespace fault {
namespace {

using gateway::seconds;
using gateway::steady_now;

constexpr std::size_t readers = 3, writers = 3;
constexpr std::size_t reads_before = 100, writes_before = 20, writes_after = 20;
constexpr seconds healed_within{20}, caller_gives_up{3}, all_is_written_within{25};

class DatabaseOutage : public testing::Test {
protected:
    DatabaseOutage() {
        w.options.settings = std::string(wide_windows) + "vault: {settling_ms: 0}\n";
        w.options.variables["TIKTOK_GATEWAY__STORE__URL"] = server.url("outage");
        w.options.variables["TIKTOK_GATEWAY__STORE__SCHEMA"] = "outage";
        w.simulator_settings = std::string(wide_tiktok) + "history_requests: 1000000\n";
        all = {&w.gateway(), &w.another_gateway(), &w.another_gateway()};
        for (const auto* one : {"reader", "writer", "expired"}) {
            w.tiktok().control().post("/accounts", {{"username", one}});
            w.connect(one, {{"account", one}});
            for (const auto* replica : all)
                EXPECT_EQ(read(*replica, one).status, 200);
        }
    }
    harness::answer read(const harness::gateway_process& at, const std::string& user) {
        return w.api_of(at).get("/v1/users/" + user + "/info");
    }
    void wrong(const std::string& what, const harness::answer& got) {
        const std::lock_guard guard(lock);
        violations.push_back(what + ": " + got.raw.substr(0, 900));
    }
    void read_until_the_end(std::size_t number) {
        for (auto i = number; !over; ++i) {
            const auto got = read(*all[i % all.size()], "reader");
            if (got.status != 200) wrong("a read of a known user failed", got);
            ++reads;
        }
    }
    /// Uses a new key for each write and repeats the call until its result is known. If the database stopped
    /// between a claim and its end, the key stays claimed, and the caller gives up after some time.
    void write_until_the_end(std::size_t number) {
        for (std::size_t i = 0; !over; ++i) {
            const keyed_call one{.kind = keyed_call_kind::photos,
                                 .user = "writer",
                                 .key = "write-" + std::to_string(number) + "-" + std::to_string(i)};
            ask_until_told(one, number);
            const std::lock_guard guard(lock);
            written.push_back(one);
            ++writes;
        }
    }
    void ask_until_told(const keyed_call& one, std::size_t at) {
        auto told_running_since = gateway::steady_time::max();
        while (!over) {
            const auto got = ask_for(w.api_of(*all[at++ % all.size()]), one);
            const bool running = got.code() == "in_progress", refusal = got.code() == "vault_unavailable";
            if (refusal) ++refused;
            if (got.status != 200 && !running && !refusal && got.code() != "outcome_unknown")
                wrong("a write does not say why it failed", got);
            if (!running && !refusal) return;
            if (!running) told_running_since = gateway::steady_time::max();
            told_running_since = std::min(told_running_since, steady_now());
            if (running && steady_now() > told_running_since + caller_gives_up) return;
        }
    }
    template <class Done>
    bool comes(Done done, seconds patience) {
        const auto end = steady_now() + patience;
        while (!done() && steady_now() < end)
            std::this_thread::yield();
        return done();
    }
    harness::answer last_word_on(const keyed_call& one, const harness::gateway_process& at) {
        const auto end = steady_now() + all_is_written_within;
        auto got = ask_for(w.api_of(at), one);
        while (got.code() == "in_progress" && steady_now() < end)
            got = ask_for(w.api_of(at), one);
        return got;
    }
    /// Gives the number of keys that stayed claimed.
    std::size_t expect_each_key_posted_at_most_once() {
        std::vector<harness::answer> again;
        for (const auto& one : written)
            again.push_back(last_word_on(one, *all[again.size() % all.size()]));
        const auto history = w.tiktok().history();
        std::size_t taken = 0, unknown = 0;
        for (std::size_t i = 0; i < written.size(); ++i) {
            const int posts = whole_posts_of(written[i], history)[0];
            const bool running = again[i].code() == "in_progress";
            const bool nobody_knows = running || again[i].code() == "outcome_unknown";
            EXPECT_TRUE(nobody_knows ? posts <= 1 : again[i].status == 200 && posts == 1)
                << written[i].key << " has " << posts << " posts: " << again[i].raw;
            if (running) ++taken;
            if (nobody_knows) ++unknown;
        }
        // Each writer had one write under way when the database stopped, and none could begin without it.
        EXPECT_LE(unknown, writers);
        // Calls that ended during the outage are written to the database afterwards, also those whose claim
        // became durable after its deadline.
        EXPECT_EQ(taken, 0U);
        return taken;
    }

    harness::postgresql_server server;
    harness::world w{GATEWAY_PROGRAM, SIMULATOR_PROGRAM};
    std::array<harness::gateway_process*, 3> all{};
    std::atomic<bool> over{false};
    std::atomic<std::size_t> reads{0}, writes{0}, refused{0};
    std::mutex lock; // for the members below
    std::vector<keyed_call> written;
    std::vector<std::string> violations;
};

TEST_F(DatabaseOutage, V11UnderLoadReadsGoOnWritesSayWhyAndAllHealsWithNothingLostOrDoubled) {
    const seconds away{setting("OUTAGE_S", 2)};
    std::vector<std::jthread> load;
    for (std::size_t i = 0; i < readers; ++i)
        load.emplace_back([this, i] { read_until_the_end(i); });
    for (std::size_t i = 0; i < writers; ++i)
        load.emplace_back([this, i] { write_until_the_end(i); });
    EXPECT_TRUE(comes([&] { return reads > reads_before && writes > writes_before; }, seconds{20}));
    server.stop();
    w.tiktok().control().post("/tokens/expire", {{"account", "expired"}, {"kind", "access"}});
    const auto end = steady_now() + away;
    const auto reads_at_stop = reads.load();
    while (steady_now() < end) {
        const auto got = read(*all[reads % all.size()], "expired");
        EXPECT_EQ(got.code(), "vault_unavailable") << got.raw;
    }
    const auto reads_away = reads - reads_at_stop;
    EXPECT_GT(reads_away, reads_before);
    EXPECT_GT(refused, 0U);
    server.start();
    const auto back = steady_now();
    const auto writes_at_start = writes.load();
    EXPECT_TRUE(comes([&] { return writes > writes_at_start + writes_after; }, healed_within));
    for (const auto* one : all)
        EXPECT_TRUE(comes([&] { return read(*one, "expired").status == 200; }, healed_within));
    const auto healed = (steady_now() - back) / gateway::milliseconds{1};
    over = true;
    load.clear();
    for (const auto& each : violations)
        ADD_FAILURE() << each;
    const auto taken = expect_each_key_posted_at_most_once();
    const auto count = [](auto number, const char* what) { return std::to_string(number) + what; };
    std::fputs((count(away.count(), " s away: ") + count(reads_away, " reads meanwhile, ")
                + count(refused.load(), " refused writes, ") + count(written.size(), " keys, ")
                + count(taken, " of them taken for good; all well after ") + count(healed, " ms\n"))
                   .c_str(),
               stderr);
}

} // namespace
} // namespace fault
