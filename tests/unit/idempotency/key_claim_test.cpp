// Claims of Idempotency-Keys, with the real store.
#include "idempotency/key_claim.hpp"

#include "store/store.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

namespace gateway::idempotency {
namespace {

using gateway::testing::run_on;
using gateway::testing::soon;

class KeyClaim : public ::testing::Test {
protected:
    gateway::testing::temporary_folder folder;
    worker loop;
    std::unique_ptr<store::store> records = *store::open_store("sqlite:" + folder.file("answers.db"));
    const wall_time now = from_unix_ms(1'795'000'000'000);

    key_claim under(const std::string& key, const std::string& what, const std::string& caller = "a") {
        return key_claim{records->keys, caller_name::trusted(caller), key, what, "request-1"};
    }
    std::string claim(key_claim& first, wall_time when) {
        const auto got = run_on(loop, first.take(when, soon()));
        if (!got) return std::string(facts(got.error().code()).name);
        return *got ? "again: " + (*got)->answer : "ours";
    }
};

TEST_F(KeyClaim, I03IsGivenAgainWithItsStatus) {
    auto first = under("k", "upload");
    EXPECT_EQ(claim(first, now), "ours");
    ASSERT_TRUE(run_on(loop, first.finish(409, "the bytes", soon())));
    auto second = under("k", "upload");
    const auto again = run_on(loop, second.take(now, soon()));
    ASSERT_TRUE(again && *again);
    EXPECT_EQ((*again)->status, 409);
    EXPECT_EQ((*again)->answer, "the bytes");
}

TEST_F(KeyClaim, I01WhileItIsBeingMadeOthersHearSo) {
    auto first = under("k", "upload");
    auto second = under("k", "upload");
    EXPECT_EQ(claim(first, now), "ours");
    EXPECT_EQ(claim(second, now), "in_progress");
}

TEST_F(KeyClaim, I02BelongsToOneRequestOnly) {
    auto first = under("k", "upload");
    auto other = under("k", "photos");
    EXPECT_EQ(claim(first, now), "ours");
    EXPECT_EQ(claim(other, now), "idempotency_key_reused");
}

TEST_F(KeyClaim, I08BelongsToOneCallerOnly) {
    auto first = under("k", "upload", "a");
    auto other = under("k", "upload", "b");
    EXPECT_EQ(claim(first, now), "ours");
    EXPECT_EQ(claim(other, now), "ours");
}

TEST_F(KeyClaim, AForgottenKeyIsFree) {
    auto first = under("k", "upload");
    EXPECT_EQ(claim(first, now), "ours");
    ASSERT_TRUE(run_on(loop, first.release(soon())));
    auto second = under("k", "photos");
    EXPECT_EQ(claim(second, now), "ours");
}

TEST_F(KeyClaim, FaultQAnAnswerThatIsYetToBeStoredIsGivenAgain) {
    auto first = under("k", "upload");
    EXPECT_EQ(claim(first, now), "ours");
    first.finish_later(200, "bytes");
    auto second = under("k", "upload");
    EXPECT_EQ(claim(second, now), "again: bytes");
}

TEST_F(KeyClaim, I07LivesForADayAndNoLonger) {
    auto first = under("k", "upload");
    EXPECT_EQ(claim(first, now), "ours");
    ASSERT_TRUE(run_on(loop, first.finish(200, "bytes", soon())));
    auto late = under("k", "upload");
    EXPECT_EQ(claim(late, now + std::chrono::hours{23}), "again: bytes");
    auto later = under("k", "upload");
    EXPECT_EQ(claim(later, now + std::chrono::hours{25}), "ours");
}

} // namespace
} // namespace gateway::idempotency
