#include "windows/remembered_windows.hpp"

#include "limits/window.hpp"
#include "tiktok/endpoint.hpp"

#include <gtest/gtest.h>

namespace gateway::windows {
namespace {

const wall_time now = from_unix_ms(1'795'000'000'000);

store::post_record sent(const char* kind, seconds began_ago, seconds written_ago) {
    store::post_record out;
    out.user = user_id::trusted("ann");
    out.kind = kind;
    out.created_at = now - began_ago;
    out.updated_at = now - written_ago;
    return out;
}

std::uint32_t left(const std::vector<store::post_record>& attempts, tiktok::endpoint which) {
    std::vector<limits::window_rule> rules(tiktok::endpoint_count, {6, milliseconds{60'000}});
    limits::window_table windows(rules);
    const auto steady = steady_now();
    remember_inits(windows, attempts, now, steady);
    return windows.status("ann", static_cast<std::uint8_t>(which), steady).remaining;
}

TEST(RememberedWindows, L06CountWhatWasSentInTheLastMinute) {
    EXPECT_EQ(left({}, tiktok::endpoint::inbox_init), 6U);
    EXPECT_EQ(left({sent("inbox_file", seconds{10}, seconds{9})}, tiktok::endpoint::inbox_init), 5U);
    EXPECT_EQ(left({sent("inbox_file", seconds{10}, seconds{9})}, tiktok::endpoint::video_init), 6U);
    EXPECT_EQ(left({sent("direct_url", seconds{10}, seconds{9})}, tiktok::endpoint::video_init), 5U);
    EXPECT_EQ(left({sent("inbox_photo", seconds{10}, seconds{9})}, tiktok::endpoint::content_init), 5U);
    EXPECT_EQ(left({sent("inbox_file", seconds{70}, seconds{61})}, tiktok::endpoint::inbox_init), 6U);
}

TEST(RememberedWindows, L06TakeAnInitForAnsweredWhenItsRowWasWrittenLast) {
    EXPECT_EQ(left({sent("inbox_file", seconds{70}, seconds{30})}, tiktok::endpoint::inbox_init), 5U);
    // Bytes were sent long after the init, whose slot counts only until its deadline.
    EXPECT_EQ(left({sent("inbox_file", seconds{121}, seconds{1})}, tiktok::endpoint::inbox_init), 6U);
}

TEST(RememberedWindows, Q01AreNotOpenedByAClockThatWasSetBack) {
    EXPECT_EQ(left({sent("inbox_file", seconds{-3600}, seconds{-3600})}, tiktok::endpoint::inbox_init), 5U);
}

TEST(RememberedWindows, L06NeverHoldMoreThanTheirLimit) {
    const std::vector<store::post_record> many(20, sent("inbox_file", seconds{5}, seconds{5}));
    EXPECT_EQ(left(many, tiktok::endpoint::inbox_init), 0U);
}

} // namespace
} // namespace gateway::windows
