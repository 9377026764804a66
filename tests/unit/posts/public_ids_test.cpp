#include "posts/public_ids.hpp"

#include <gtest/gtest.h>

namespace gateway::posts {
namespace {

using texts = std::vector<std::string>;

/// Converted to the ledger's text and back, as between two events.
public_ids kept(const public_ids& ids) {
    return public_ids(ids.to_json());
}

TEST(PublicIds, AreKeptAsAPlainListWhileNothingWentAway) {
    public_ids ids("[]");
    ids.appeared("7602997517160123666", 5);
    ids.appeared("9", 6);
    ids.appeared("9", 7);
    ids.appeared("", 8);
    EXPECT_EQ(ids.to_json(), R"(["7602997517160123666","9"])");
    EXPECT_EQ(kept(ids).visible(), (texts{"7602997517160123666", "9"}));
}

TEST(PublicIds, AreNoneInWhatIsNoList) {
    for (const char* json : {"", "{}", "[", "[7,null,{\"gone\":7,\"at\":1},{\"gone\":\"7\",\"at\":\"x\"}]"})
        EXPECT_EQ(public_ids(json).to_json(), "[]") << json;
}

TEST(PublicIds, U16AnOlderWordBringsNoIdBack) {
    for (const bool known_before : {false, true}) {
        public_ids ids(known_before ? R"(["88","99"])" : R"(["99"])");
        ids.went_away("88", 9);
        ids = kept(ids);
        for (const int at_s : {5, 9, 0}) {
            ids.appeared("88", at_s);
            EXPECT_EQ(ids.visible(), texts{"99"}) << at_s;
        }
        ids.went_away("88", 7); // an older event of the same kind
        ids.appeared("88", 8);
        EXPECT_EQ(kept(ids).visible(), texts{"99"});
        ids.appeared("88", 10);
        EXPECT_EQ(ids.to_json(), R"(["99","88"])") << "made public again";
    }
}

TEST(PublicIds, TikToksOwnListStandsAboveEarlierEvents) {
    public_ids ids(R"(["1"])");
    ids.went_away("2", 9);
    ids.went_away("3", 9);
    ids.are({"2", "4"});
    ids = kept(ids);
    EXPECT_EQ(ids.visible(), (texts{"2", "4"}));
    ids.appeared("3", 5);
    EXPECT_EQ(ids.visible(), (texts{"2", "4"})) << "what it does not name stays away";
}

} // namespace
} // namespace gateway::posts
