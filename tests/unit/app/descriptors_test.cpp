#include "app/descriptors.hpp"

#include "inbound/spare_descriptors.hpp"
#include "settings/settings.hpp"

#include <gtest/gtest.h>

#include <dirent.h>
#include <string>
#include <tuple>

namespace gateway::app {
namespace {

settings::all settings_with(std::uint32_t connections, const std::string& store = "sqlite:gateway.db") {
    settings::all with;
    with.listen.connections_max = connections;
    with.store.url = secret(store);
    return with;
}

TEST(Descriptors, FaultAAWhereThereIsRoomTheSettingHoldsAndNothingIsTold) {
    const auto settings = settings_with(10'000);
    const auto plan = plan_descriptors(settings, 8, 65'536);
    EXPECT_EQ(plan.connections_max, 10'000U);
    EXPECT_EQ(plan.admin_connections_max, 64U);
    EXPECT_EQ(warning_of(plan, settings), "");
}

TEST(Descriptors, FaultAAFewDescriptorsBoundTheConnectionsAndThatIsTold) {
    const auto settings = settings_with(10'000);
    const auto plan = plan_descriptors(settings, 2, 256);
    EXPECT_LT(plan.connections_max, 128U);
    EXPECT_GE(plan.connections_max, 32U);
    const auto told = warning_of(plan, settings);
    EXPECT_NE(told.find(std::to_string(plan.connections_max)), std::string::npos) << told;
    EXPECT_NE(told.find("256"), std::string::npos) << told;
}

TEST(Descriptors, AuditXHandshakesAreATenthOfTheConnectionsOverAllWorkers) {
    for (const auto& [connections, workers, each] : {std::tuple{10'000U, 1U, 512U},
                                                     {10'000U, 2U, 500U},
                                                     {10'000U, 8U, 125U},
                                                     {400U, 1U, 40U},
                                                     {20U, 4U, 8U}})
        EXPECT_EQ(plan_descriptors(settings_with(connections), workers, 65'536).handshakes_max, each)
            << connections << " connections, " << workers << " workers";
}

/// For every limit, number of workers and store: callers' connections leave enough descriptors for the other
/// parts, and a higher limit never gives fewer.
TEST(Descriptors, FaultAAPropertyCallersNeverTakeWhatOthersNeed) {
    for (const char* store : {"sqlite:gateway.db", "postgresql://gateway@db/gateway"})
        for (const unsigned workers : {1U, 2U, 8U, 64U}) {
            const auto settings = settings_with(1'000'000, store);
            std::uint32_t before = 0;
            for (std::uint64_t limit = 64; limit <= 4'000'000; limit += 1 + limit / 7) {
                const auto plan = plan_descriptors(settings, workers, limit);
                EXPECT_GE(plan.connections_max, 8U);
                EXPECT_GE(plan.connections_max, before) << limit;
                before = plan.connections_max;
                const std::uint64_t doors =
                    plan.connections_max + plan.admin_connections_max + workers * plan.refusals_max;
                if (plan.connections_max > 8U) {
                    EXPECT_LT(doors + workers * 8 + 32, limit) << workers << " workers, " << limit;
                }
            }
            EXPECT_GT(before, 900'000U);
        }
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    DIR* const all = opendir("/proc/self/fd");
    while (readdir(all) != nullptr)
        ++count;
    closedir(all);
    return count;
}

TEST(Descriptors, FaultAASparesAreGivenOneByOneAndTakenAgain) {
    const auto before = open_descriptors();
    {
        inbound::spare_descriptors spare(2);
        EXPECT_EQ(open_descriptors(), before + 2);
        EXPECT_TRUE(spare.release());
        EXPECT_TRUE(spare.release());
        EXPECT_FALSE(spare.release());
        EXPECT_EQ(open_descriptors(), before);
        spare.refill();
        EXPECT_EQ(open_descriptors(), before + 2);
    }
    EXPECT_EQ(open_descriptors(), before);
}

} // namespace
} // namespace gateway::app
