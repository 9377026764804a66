#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/errc.hpp"
#include "base/ids.hpp"
#include "base/pattern.hpp"
#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <set>

using namespace gateway;

TEST(ErrorTable, NumbersAndNamesAreUniqueAndCarryTheirStatus) {
    std::set<int> numbers;
    std::set<std::string_view> names;
    ASSERT_GT(all_errors().size(), 40U);
    for (const error_facts& row : all_errors()) {
        EXPECT_TRUE(numbers.insert(static_cast<int>(row.code)).second) << row.name;
        EXPECT_TRUE(names.insert(row.name).second) << row.name;
        EXPECT_GE(http_status(row.code), 400);
        EXPECT_LT(http_status(row.code), 600);
        EXPECT_EQ(facts(row.code).name, row.name);
    }
}

TEST(Failure, StaysAValueWhenACopyIsChanged) {
    const failure first = failure{errc::rate_limited, "wait"}.retry_after(milliseconds{5});
    failure second = first;
    second = std::move(second).retry_after(milliseconds{9});
    EXPECT_EQ(first.details()->retry_after, milliseconds{5});
    EXPECT_EQ(second.details()->retry_after, milliseconds{9});
}

TEST(Clock, WritesTimesAsRfc3339) {
    EXPECT_EQ(rfc3339(from_unix_ms(0)), "1970-01-01T00:00:00Z");
    EXPECT_EQ(rfc3339(from_unix_ms(1795450716999)), "2026-11-23T16:18:36Z");
}

TEST(Digest, KnowsTheVectorsOfItsStandards) {
    EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    // RFC 4231, test case 2.
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    sha256_stream pieces;
    pieces.update("a");
    pieces.update("bc");
    EXPECT_EQ(to_hex(pieces.finish()), to_hex(sha256("abc")));
}

TEST(Digest, ReadsBackWhatItWrites) {
    for (std::size_t size = 0; size < 70; ++size) {
        const std::string bytes = random_bytes(size);
        EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
        EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
        EXPECT_EQ(from_base64url(to_base64url(bytes)), bytes);
    }
}

TEST(Digest, RefusesTextThatIsNotBase64) {
    for (const char* text :
         {"A", "AA", "AAA", "A===", "AA=A", "AAA ", " AAA", "AA\n=", "AA-_", "====", "AAAA="})
        EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

TEST(Digest, HourIRefusesTextThatIsNotBase64Url) {
    EXPECT_EQ(from_base64url("cnllK2E-PV8"), "rye+a>=_");
    for (const char* text : {"A", "AAAAA", "AA==", "AA=", "AA+A", "AA/A", "AA A", "rye tiktok", "auth0|5"})
        EXPECT_EQ(from_base64url(text), std::nullopt) << text;
}

TEST(Secret, IsGoneFromWhereItWasMovedFrom) {
    secret first{"short"};
    const secret second = std::move(first);
    EXPECT_TRUE(first.empty()); // NOLINT: the point of the test
    // A short string is stored in the object itself, where a move leaves its characters.
    EXPECT_EQ(std::string(first.reveal().data(), 5), std::string(5, '\0'));
    secret large{std::string(100, 'x')};
    secret third{"brief"};
    large = std::move(third); // copied into the existing memory
    EXPECT_TRUE(large.equals("brief"));
    EXPECT_EQ(std::string(third.reveal().data(), 5), std::string(5, '\0'));
    EXPECT_TRUE(second.equals("short"));
    EXPECT_FALSE(second.equals("shorT"));
    EXPECT_FALSE(second.equals("shor"));
}

TEST(Secret, GivesItsMemoryBackWhenItIsReleased) {
    secret large{std::string(10'000, 'x')};
    large.wipe();
    EXPECT_GE(large.capacity(), 10'000U);
    large.release();
    EXPECT_EQ(large.capacity(), std::string().capacity());
    EXPECT_TRUE(large.empty());
}

TEST(UserId, IsWhatProductSectionTwoSays) {
    user_id made;
    for (const char* good : {"a", "user-77", "a.b_c~d:e@f-g", "...", "-x", "auth0|5f7c",
                             "rye+tiktok@example.com", "cnllK2E9PQ==", "|", "+", "="})
        EXPECT_TRUE(check_user_id(good, made)) << good;
    for (const std::string& bad :
         {std::string{}, std::string{"."}, std::string{".."}, std::string{"a/b"}, std::string{"a b"},
          std::string{"ä"}, std::string{"a%2f"}, std::string{"a*"}, std::string{"a&b"}, std::string{"a,b"},
          std::string{"a\\b"}, std::string{"a\x7f"}, std::string{"a\0b", 3}, std::string(129, 'a')})
        EXPECT_FALSE(check_user_id(bad, made)) << bad;
}

TEST(Ulid, SortsByTimeAndDoesNotRepeat) {
    EXPECT_LT(new_ulid(from_unix_ms(1000)), new_ulid(from_unix_ms(1001)));
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(seen.insert(new_ulid(from_unix_ms(1000))).second);
    EXPECT_TRUE(check_file_id("file_" + new_ulid(wall_now())));
}

TEST(Ulid, TheFirstOfATimeSortsBetweenTheEarlierAndTheLater) {
    for (int i = 0; i < 100; ++i) {
        EXPECT_LT(new_ulid(from_unix_ms(999)), first_ulid(from_unix_ms(1000)));
        EXPECT_LT(first_ulid(from_unix_ms(1000)), new_ulid(from_unix_ms(1000)));
    }
    EXPECT_TRUE(check_file_id("file_" + first_ulid(from_unix_ms(1000))));
}

TEST(Ulid, OfASourceAreAsGoodAndNotOfOneAskingOnly) {
    ulid_source source;
    std::set<std::string> seen;
    std::string one, later;
    for (int i = 0; i < 1000; ++i) {
        source.next(one, from_unix_ms(1000));
        EXPECT_TRUE(seen.insert(one).second) << one;
        EXPECT_TRUE(check_file_id("file_" + one));
    }
    source.next(later, from_unix_ms(1001));
    EXPECT_LT(one, later);
}

TEST(Pattern, MatchesTheWholeTextWithStarsOnly) {
    EXPECT_TRUE(matches("*", ""));
    EXPECT_TRUE(matches("TIKTOK_*", "TIKTOK_LIST_VIDEOS"));
    EXPECT_TRUE(matches("a*b*c", "a__b__b__c"));
    EXPECT_FALSE(matches("a*b*c", "a__b__b__"));
    EXPECT_FALSE(matches("shop", "shop-1"));
    EXPECT_FALSE(matches("", "x"));
    EXPECT_FALSE(matches("a.c", "abc"));
}
