// TikTok refuses access tokens early: the number of refreshes and the answers to callers, over hours of
// virtual time (docs/contract.md §5, "Reads").
#include "deterministic/refresh_judge.hpp"
#include "deterministic/replica.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace gateway::simulation {
namespace {

/// One user, with calls at all replicas.
class refusing_tiktok {
public:
    explicit refusing_tiktok(std::size_t replicas) {
        tiktok_.held_now = [this](std::size_t user) { return judge_.user(user).held; };
        tiktok_.refresh_per_second = settings_.refresh_per_second;
        for (std::size_t i = 0; i < replicas; ++i) {
            life mine;
            mine.number = i;
            lives_.push_back(std::move(mine));
            replicas_.push_back(
                std::make_unique<replica>(world_, at_, wire_, tiktok_, lives_.back(), settings_));
        }
        world_.run_for(seconds{1}); // the keys are checked
        replicas_[0]->group().spawn(log_in());
        world_.run_for(seconds{5});
    }

    /// The kinds of calls that it refuses for every pair.
    std::set<unsigned> refused_kinds;
    /// Access tokens that TikTok ended early.
    std::set<std::string> ended;

    struct heard {
        bool good = false;
        errc code{};
        bool names_a_wait = false;
        std::string token; // the accepted token
    };
    /// Makes one call like user_api and waits for its end.
    heard call(std::size_t place, unsigned kind) {
        heard out;
        bool over = false;
        replicas_[place % replicas_.size()]->group().spawn(
            send(*replicas_[place % replicas_.size()], kind, out, over));
        while (!over)
            world_.run_for(milliseconds{50});
        return out;
    }
    void pass(milliseconds time) { world_.run_for(time); }
    std::uint64_t refreshes() const { return tiktok_.requests; }
    store::connection_record record() { return *find_connection(at_, name_of_user(0)); }
    const std::vector<std::string>& violations() const { return world_.violations(); }

private:
    task<void> log_in() {
        const auto& pair = history_.pair(history_.log_in(0));
        vault::fresh_tokens fresh;
        fresh.access_token = secret{pair.access};
        fresh.refresh_token = secret{pair.refresh};
        fresh.account = open_id::trusted("open-0");
        fresh.scopes = "user.info.basic";
        fresh.access_lifetime = history_.access_lifetime();
        fresh.refresh_lifetime = std::chrono::hours{24 * 180};
        store::grant_permit no_permit;
        const auto saved = co_await replicas_[0]->vault().save_grant(
            name_of_user(0), std::move(fresh), vault::account_change::allowed, std::move(no_permit),
            wall_now(), deadline::in(steady_now(), seconds{10}));
        EXPECT_TRUE(saved);
    }
    bool takes(const std::string& access_token, unsigned kind) const {
        return history_.takes_access(access_token) && !ended.contains(access_token)
               && !refused_kinds.contains(kind);
    }
    task<void> send(replica& at, unsigned kind, heard& out, bool& over) {
        const auto until = deadline::in(steady_now(), seconds{10});
        auto known = co_await at.tokens().access(name_of_user(0), until, sharer::gateway);
        for (int sends = 0; known && !out.good && sends < 8; ++sends) {
            out.token = std::string((*known)->access_token.reveal());
            out.good = takes(out.token, kind);
            if (out.good)
                (*known)->accepted.note(kind);
            else
                known = co_await at.tokens().refresh_after_401(name_of_user(0), *known, kind, until,
                                                               sharer::gateway);
        }
        if (!known) {
            out.code = known.error().code();
            out.names_a_wait = known.error().details() && known.error().details()->retry_after;
        }
        over = true;
    }

    world world_{1};
    tokens::token_service_settings settings_;
    token_history history_{rotation::strict, std::chrono::hours{2}};
    simulated_database at_;
    store_wire wire_{world_};
    token_endpoint tiktok_{world_, history_};
    std::deque<life> lives_;
    refresh_judge judge_{world_, history_, at_, lives_, 1};
    std::vector<std::unique_ptr<replica>> replicas_;
};

} // namespace

TEST(RefusedTokens, FaultKTenForcedExpiriesInARowCostTenRefreshesAndNoCall) {
    refusing_tiktok tiktok(1);
    auto last = tiktok.call(0, 0);
    ASSERT_TRUE(last.good);
    for (int i = 1; i <= 10; ++i) {
        tiktok.ended.insert(last.token);
        last = tiktok.call(0, 0);
        EXPECT_TRUE(last.good) << i;
    }
    EXPECT_EQ(tiktok.refreshes(), 10U);
    EXPECT_EQ(tiktok.record().state, store::connection_state::connected);
    EXPECT_TRUE(tiktok.violations().empty());
}

TEST(RefusedTokens, FaultKATikTokThatRefusesForEverCostsAtMostOneRefreshAMinute) {
    for (const std::size_t replicas : {1U, 3U}) {
        SCOPED_TRACE(replicas);
        refusing_tiktok tiktok(replicas);
        tiktok.refused_kinds = {0};
        bool given_up = false;
        const auto began = steady_now();
        for (std::size_t i = 0; i < 1'200; ++i) { // an hour
            const auto got = tiktok.call(i, 0);
            EXPECT_FALSE(got.good);
            const auto minutes = std::chrono::duration<double>(steady_now() - began).count() / 60;
            if (got.code == errc::reconnect_required) {
                EXPECT_GE(minutes, 1.0);
                EXPECT_EQ(tiktok.record().state, store::connection_state::reconnect_required);
                given_up = true;
            } else {
                EXPECT_FALSE(given_up) << "a connection that is over stays so";
                EXPECT_EQ(got.code, errc::tiktok_error);
                EXPECT_TRUE(got.names_a_wait);
                EXPECT_EQ(tiktok.record().state, store::connection_state::connected);
            }
            EXPECT_LE(static_cast<double>(tiktok.refreshes()), 1 + minutes);
            tiktok.pass(milliseconds{2'900});
        }
        EXPECT_TRUE(given_up);
        EXPECT_EQ(tiktok.record().cause, "access_token_refused");
        EXPECT_EQ(tiktok.refreshes(), 2U);
        EXPECT_TRUE(tiktok.violations().empty());
    }
}

TEST(RefusedTokens, FaultKAnEndpointThatRefusesWhatOthersTakeEndsNoConnection) {
    for (const std::size_t replicas : {1U, 3U}) {
        SCOPED_TRACE(replicas);
        refusing_tiktok tiktok(replicas);
        tiktok.refused_kinds = {0};
        const auto began = steady_now();
        for (std::size_t i = 0; i < 600; ++i) { // most of an hour; one accepted call for each refused one
            EXPECT_TRUE(tiktok.call(i, 1).good);
            const auto got = tiktok.call(i, 0);
            EXPECT_FALSE(got.good);
            EXPECT_EQ(got.code, errc::tiktok_error);
            const auto minutes = std::chrono::duration<double>(steady_now() - began).count() / 60;
            EXPECT_LE(static_cast<double>(tiktok.refreshes()), 1 + minutes);
            tiktok.pass(milliseconds{2'900});
        }
        EXPECT_EQ(tiktok.record().state, store::connection_state::connected);
        tiktok.refused_kinds = {};
        EXPECT_TRUE(tiktok.call(0, 0).good) << "it heals by itself";
    }
}

} // namespace gateway::simulation
