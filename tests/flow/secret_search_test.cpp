// The search for secrets at the end of every flow test must find planted ones.
#include "harness/secret_search.hpp"

#include "base/digest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

const std::string planted = "act.Xy7/Qw+er==Zz!0123456789abcdef";

std::vector<std::string> search(const std::string& text) {
    return harness::find_secrets(text, {planted});
}

TEST(SecretSearch, G03FindsEachFormWhereverItStands) {
    EXPECT_THAT(search("nothing here"), testing::IsEmpty());
    EXPECT_THAT(search("x" + planted + "y"), testing::Not(testing::IsEmpty()));
    EXPECT_THAT(search(gateway::to_hex(planted)), testing::Not(testing::IsEmpty()));
    EXPECT_THAT(search("token=act.Xy7%2fQw%2ber%3d%3dZz%210123456789abcdef"),
                testing::Not(testing::IsEmpty()));
    EXPECT_THAT(search("token=act.Xy7%2FQw%2Ber%3D%3DZz%210123456789abcdef"),
                testing::Not(testing::IsEmpty()));
    EXPECT_THAT(search(planted.substr(0, 8)), testing::Not(testing::IsEmpty()));
    for (const std::string& before : {std::string(), std::string("a"), std::string("ab"), std::string("abc")})
        EXPECT_THAT(search(gateway::to_base64(before + planted + "after")), testing::Not(testing::IsEmpty()))
            << before;
}

TEST(SecretSearch, TellsOnlyTheEndOfASecret) {
    const auto found = search(planted);
    ASSERT_FALSE(found.empty());
    EXPECT_EQ(found[0].find(planted.substr(0, 8)), std::string::npos);
}

} // namespace
