#include "actions/table.hpp"

#include "idempotency/recovery.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace gateway::actions {
namespace {

using texts = std::vector<std::string>;

TEST(Table, SlugsAreUniqueExceptForThePartsOfAPage) {
    texts slugs;
    for (const auto& each : actions::table())
        if (each.path != "/docs/{asset}") slugs.emplace_back(each.slug);
    ASSERT_FALSE(slugs.empty());
    std::sort(slugs.begin(), slugs.end());
    EXPECT_EQ(std::adjacent_find(slugs.begin(), slugs.end()), slugs.end());
}

TEST(Table, WhatTakesAKeyWritesAndOnlyPostingRoutesDo) {
    texts replaying;
    for (const auto& each : actions::table()) {
        EXPECT_TRUE(each.run) << each.slug;
        if (each.replays) replaying.emplace_back(each.slug);
        EXPECT_EQ(each.parts_replay, each.slug == "TIKTOK_UPLOAD_VIDEOS")
            << "its files have keys of their own";
        EXPECT_TRUE(!each.replays || (each.writes && each.needs_connection)) << each.slug;
        EXPECT_EQ(each.replays, each.recovers.from_post != nullptr)
            << each.slug << " makes posts, all of them";
    }
    const texts posting{"TIKTOK_UPLOAD_VIDEO", "TIKTOK_UPLOAD_VIDEOS", "TIKTOK_POST_PHOTO",
                        "TIKTOK_PUBLISH_VIDEO"};
    EXPECT_EQ(replaying, posting);
    EXPECT_NO_THROW(idempotency::check_recovery(table()));
}

} // namespace
} // namespace gateway::actions
