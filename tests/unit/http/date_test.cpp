#include "http/date.hpp"

#include <gtest/gtest.h>

using namespace gateway;

TEST(Date, AuditEReadsAnImfFixdate) {
    EXPECT_EQ(http::read_date("Sun, 06 Nov 1994 08:49:37 GMT"), from_unix_ms(784'111'777'000));
    EXPECT_EQ(http::read_date("Thu, 01 Jan 1970 00:00:00 GMT"), from_unix_ms(0));
    EXPECT_EQ(http::read_date("Thu, 29 Feb 2024 23:59:59 GMT"), from_unix_ms(1'709'251'199'000));
}

TEST(Date, AuditEReadsNothingElse) {
    for (const char* bad :
         {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ", " Sun, 06 Nov 1994 08:49:37 GMT",
          "Sun, 6 Nov 1994 08:49:37 GMT", "sun, 06 nov 1994 08:49:37 gmt", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Mon, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
          "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:60 GMT",
          "Wed, 30 Feb 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Now 1994 08:49:37 GMT",
          "Sun, 0x Nov 1994 08:49:37 GMT", "Sun, 06 Nov 19 4 08:49:37 GMT", "Sun, 06 Nov 1994T08:49:37 GMT"})
        EXPECT_FALSE(http::read_date(bad)) << bad;
    const std::string good = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(http::read_date(good.substr(0, size))) << size;
}
