#include "vault/scope_lists.hpp"

#include "vault/token_set.hpp"

#include <gtest/gtest.h>

#include <string>

namespace gateway::vault {
namespace {

TEST(ScopeLists, AreSharedByAllWhoGrantedTheSame) {
    scope_lists lists;
    const auto one = lists.of("user.info.basic, video.list");
    EXPECT_EQ(*one, (scope_list{"user.info.basic", "video.list"}));
    EXPECT_EQ(lists.of("user.info.basic, video.list"), one);
    EXPECT_NE(lists.of("user.info.basic"), one);
    EXPECT_TRUE(lists.of("")->empty());
}

TEST(ScopeLists, RemainRightBeyondTheirBound) {
    scope_lists lists;
    const auto list_of = [&lists](std::size_t n) { return lists.of("scope." + std::to_string(n)); };
    for (std::size_t n = 0; n < 2 * scope_lists::shared_max; ++n)
        ASSERT_EQ(*list_of(n), scope_list{"scope." + std::to_string(n)});
    EXPECT_EQ(list_of(0), list_of(0));
    EXPECT_NE(list_of(scope_lists::shared_max), list_of(scope_lists::shared_max));
}

TEST(ScopeLists, OfASetWithoutOneAreEmpty) {
    const token_set set;
    EXPECT_TRUE(set.scopes().empty());
    EXPECT_FALSE(set.has_scope("user.info.basic"));
}

} // namespace
} // namespace gateway::vault
