// The simulated engine behaves like the real ones: the roles pass the same test suite on it.
#include "deterministic/simulated_engine.hpp"
#include "unit/store/followed_posts.hpp"
#include "unit/store/outbox_fixture.hpp"

#include <map>

namespace gateway::testing {
namespace {

/// One database for each folder, like a real engine.
simulation::simulated_database& database_of(const temporary_folder& in) {
    static std::map<std::string, simulation::simulated_database> all;
    return all[in.name()];
}

std::unique_ptr<store::store> open_simulated(const temporary_folder& in) {
    return std::make_unique<store::store>(std::make_unique<simulation::simulated_engine>(database_of(in)),
                                          milliseconds{0});
}

void pass_time(const temporary_folder& in, milliseconds by) {
    database_of(in).pass_time(by);
}

} // namespace

// An old store is a file or a schema, which this engine does not have.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(OldStoreSuite);
// Nor has it units that fail.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FailingOutboxSuite);

INSTANTIATE_TEST_SUITE_P(Simulated, StoreSuite,
                         ::testing::Values(store_engine{"Simulated", open_simulated, pass_time}),
                         [](const auto& made) { return made.param.name; });
INSTANTIATE_TEST_SUITE_P(Simulated, FollowedPosts,
                         ::testing::Values(store_engine{"Simulated", open_simulated, pass_time}),
                         [](const auto& made) { return made.param.name; });

INSTANTIATE_TEST_SUITE_P(Simulated, OutboxSuite,
                         ::testing::Values(store_engine{"Simulated", open_simulated, pass_time}),
                         [](const auto& made) { return made.param.name; });

} // namespace gateway::testing
