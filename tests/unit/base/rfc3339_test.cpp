// The times that callers give.
#include "base/rfc3339.hpp"

#include <gtest/gtest.h>

namespace gateway {
namespace {

TEST(Rfc3339, ReadsWhatIsWritten) {
    for (const std::int64_t ms : {0LL, 951'782'400'000LL, 1'795'000'000'000LL, 253'402'300'799'000LL})
        EXPECT_EQ(parse_rfc3339(rfc3339(from_unix_ms(ms))), from_unix_ms(ms)) << ms;
}

TEST(Rfc3339, ReadsEveryFormOfATime) {
    const auto time = parse_rfc3339("2026-11-23T16:18:36Z");
    ASSERT_TRUE(time);
    for (const char* same :
         {"2026-11-23t16:18:36z", "2026-11-23 16:18:36Z", "2026-11-23T17:18:36+01:00",
          "2026-11-23T10:48:36-05:30", "2026-11-24T15:18:36+23:00", "2026-11-23T16:18:36.0Z"})
        EXPECT_EQ(parse_rfc3339(same), time) << same;
    EXPECT_EQ(parse_rfc3339("2026-11-23T16:18:36.25Z"), *time + milliseconds{250});
    EXPECT_EQ(parse_rfc3339("2026-11-23T16:18:36.1230000Z"), *time + milliseconds{123});
    EXPECT_EQ(parse_rfc3339("2026-11-23T16:18:36.1230001Z"), *time + milliseconds{124}) << "never earlier";
    EXPECT_EQ(parse_rfc3339("2026-11-23T16:18:36.9999Z"), *time + milliseconds{1'000});
    EXPECT_EQ(parse_rfc3339("2016-12-31T23:59:60Z"), parse_rfc3339("2017-01-01T00:00:00Z"));
    EXPECT_TRUE(parse_rfc3339("2028-02-29T00:00:00Z"));
}

TEST(Rfc3339, WritesMillisecondsThatAreReadAgain) {
    EXPECT_EQ(rfc3339_with_milliseconds(from_unix_ms(1'795'450'716'042)), "2026-11-23T16:18:36.042Z");
    for (const std::int64_t ms : {0, 999, 1'000, 59'007})
        EXPECT_EQ(parse_rfc3339(rfc3339_with_milliseconds(from_unix_ms(ms))), from_unix_ms(ms)) << ms;
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
    for (const char* wrong : {"",
                              "2026",
                              "2026-11-23",
                              "2026-11-23T16:18Z",
                              "2026-11-23T16:18:36",
                              "2026-11-23T16:18:36.Z",
                              "2026-11-23T16:18:36+0100",
                              "2026-11-23T16:18:36+24:00",
                              "2026-11-23T16:18:36Z ",
                              "2026-13-01T00:00:00Z",
                              "2026-00-01T00:00:00Z",
                              "2026-02-29T00:00:00Z",
                              "2026-11-31T00:00:00Z",
                              "2026-11-23T24:00:00Z",
                              "2026-11-23T16:60:36Z",
                              "2026-11-23T16:18:61Z",
                              "26-11-23T16:18:36Z",
                              "+026-11-23T16:18:36Z",
                              "1969-12-31T23:59:59Z",
                              "1970-01-01T00:00:00+01:00"})
        EXPECT_FALSE(parse_rfc3339(wrong)) << wrong;
}

} // namespace
} // namespace gateway
