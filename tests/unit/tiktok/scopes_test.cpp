#include "tiktok/scopes.hpp"

#include "settings/settings.hpp"
#include "tiktok/fields.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace gateway::tiktok {
namespace {

TEST(Scopes, FaultROneTableKnowsWhatTheSettingsAndTheFieldsNeed) {
    for (const auto& name : settings::tiktok{}.scopes)
        EXPECT_TRUE(find_scope(name)) << name;
    std::string_view fields = all_user_fields();
    while (!fields.empty()) {
        const auto comma = fields.find(',');
        EXPECT_TRUE(find_scope(scope_of_user_field(fields.substr(0, comma))));
        fields = comma == std::string_view::npos ? std::string_view{} : fields.substr(comma + 1);
    }
    std::set<std::string_view> names;
    for (const auto& one : known_scopes()) {
        EXPECT_TRUE(names.insert(one.name).second) << one.name << " stands there twice";
        EXPECT_FALSE(one.allows.empty());
    }
}

TEST(Scopes, FaultRUnknownOnesAreGivenOnceAndInOrder) {
    const std::vector<std::string> asked{"video.steal", "video.list", "a",           "video.steal",
                                         "Video.list",  "video.lis",  "video.list ", ""};
    EXPECT_EQ(unknown_scopes(asked),
              (std::vector<std::string>{"video.steal", "a", "Video.list", "video.lis", "video.list ", ""}));
    EXPECT_TRUE(unknown_scopes(std::vector<std::string>{"user.info.basic"}).empty());
}

} // namespace
} // namespace gateway::tiktok
