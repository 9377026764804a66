// One allocation fails, each in turn, after TikTok has answered with the only valid pair.
#include "base/memory/memory_reserve.hpp"
#include "tokens/received_pair.hpp"
#include "unit/base/failing_allocations.hpp"
#include "unit/tokens/token_service_fixture.hpp"

#include <new>

namespace gateway::testing {

class ReceivedPairWithoutMemory : public tokens_fixture {
protected:
    void SetUp() override {
        tokens_fixture::SetUp();
        memory_reserve::set_up();
        answer.access_token = secret{"act.longer.than.a.short.string"};
        answer.account = open_id::trusted("open-2");
        answer.access_lifetime = seconds{7200};
    }
    void TearDown() override {
        std::set_new_handler(nullptr);
        tokens_fixture::TearDown();
    }
    /// `over`: it makes fewer allocations than `n`.
    task<bool> keep(failing_allocations& memory, std::int64_t n, bool& over) {
        const auto retry_for = [] { return milliseconds{20'000}; };
        memory.fail_nth(n);
        const auto pair = tokens::tokens_of(answer, sent, {}, seconds{86'400});
        const auto kept = co_await tokens::keep_for_import(*vault, sent, pair, retry_for);
        over = memory.stop();
        co_return kept.has_value();
    }

    const secret sent{"rft.longer.than.a.short.string"};
    tiktok::token_answer answer;
};

TEST_F(ReceivedPairWithoutMemory, P07NoFailedAllocationLosesThePair) {
    constexpr int failed_max = 30; // the copies, the frames and the seal; each that throws costs a pause
    failing_allocations memory;
    bool over = false;
    for (int n = 1; n <= failed_max && !over; ++n) {
        ASSERT_TRUE(run_on(loop, keep(memory, n, over))) << n;
        const auto found = run_on(loop, vault->find_import(tokens::import_hash(sent), wall_now(), soon()));
        ASSERT_TRUE(found && *found) << n;
        EXPECT_EQ((*found)->tokens.access_token.reveal(), answer.access_token.reveal());
        EXPECT_EQ((*found)->tokens.refresh_token.reveal(), sent.reveal());
        change_rows("DELETE FROM import_proofs");
        memory_reserve::refill();
    }
    EXPECT_GT(memory.thrown(), 1);
    EXPECT_GT(memory.failed(), memory.thrown()) << "the reserve serves the copies";
}

} // namespace gateway::testing
