// Step kills and random kills over all rotation modes, on SQLite.
#include "fault/campaign.hpp"

namespace fault {
namespace {

class FaultLab : public campaign {
protected:
    lab of{GATEWAY_PROGRAM, SIMULATOR_PROGRAM};
};

TEST_F(FaultLab, T01ToT06NoStepOfARefreshLosesATokenThatCouldBeKept) {
    kill_at_refresh_steps(of, setting("FAULT_LAB_ROUNDS", 25));
}

TEST_F(FaultLab, I04NoStepOfAWriteMakesASecondPost) {
    kill_at_post_steps(of, setting("FAULT_LAB_ROUNDS", 32));
}

TEST_F(FaultLab, P03NoRandomKillLosesATokenOrMakesASecondPost) {
    kill_at_random(of, setting("FAULT_LAB_ROUNDS", 25));
}

} // namespace
} // namespace fault
