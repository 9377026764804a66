// The simulated store is a true model: it passes the suite that every engine has to pass.
#include "deterministic/simulated_store.hpp"
#include "unit/store/store_fixture.hpp"

namespace gateway::testing {
namespace {

/// One database for each folder, as for a real engine.
std::map<std::string, simulation::database>& databases() {
    static std::map<std::string, simulation::database> all;
    return all;
}

} // namespace

INSTANTIATE_TEST_SUITE_P(Simulated, StoreSuite,
                         ::testing::Values(store_engine{"Simulated",
                                                        [](const temporary_folder& in) {
                                                            return simulation::make_simulated_store(
                                                                databases()[in.name()], nullptr);
                                                        },
                                                        [](const temporary_folder& in, milliseconds by) {
                                                            databases()[in.name()].pass_time(by);
                                                        }}),
                         [](const auto& made) { return made.param.name; });

} // namespace gateway::testing
