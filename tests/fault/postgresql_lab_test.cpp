// The same kills on PostgreSQL, one server for the campaign: the killed gateway is started again, or it stays
// down and another replica, which runs all the time, settles its work.
#include "fault/campaign.hpp"

namespace fault {
namespace {

class FaultLabOnPostgresql : public campaign {
protected:
    harness::postgresql_server server;
    lab restarted{GATEWAY_PROGRAM, SIMULATOR_PROGRAM, {.database = &server}};
};

class FaultLabOfReplicas : public campaign {
protected:
    harness::postgresql_server server;
    lab inherited{GATEWAY_PROGRAM, SIMULATOR_PROGRAM, {.database = &server, .heir = true}};
};

TEST_F(FaultLabOnPostgresql, T01ToT06NoStepOfARefreshLosesATokenThatCouldBeKept) {
    kill_at_refresh_steps(restarted, setting("FAULT_LAB_ROUNDS", 5));
}

TEST_F(FaultLabOnPostgresql, I04NoStepOfAWriteMakesASecondPost) {
    kill_at_post_steps(restarted, setting("FAULT_LAB_ROUNDS", 8));
}

TEST_F(FaultLabOnPostgresql, P03NoRandomKillLosesATokenOrMakesASecondPost) {
    kill_at_random(restarted, setting("FAULT_LAB_ROUNDS", 3));
}

TEST_F(FaultLabOfReplicas, T01ToT06AnotherReplicaGoesOnAfterEveryStepOfARefresh) {
    kill_at_refresh_steps(inherited, setting("FAULT_LAB_ROUNDS", 3));
}

TEST_F(FaultLabOfReplicas, I04AnotherReplicaSettlesEveryStepOfAWrite) {
    kill_at_post_steps(inherited, setting("FAULT_LAB_ROUNDS", 2));
}

TEST_F(FaultLabOfReplicas, P03AnotherReplicaSeesToWhatARandomKillLeft) {
    kill_at_random(inherited, setting("FAULT_LAB_ROUNDS", 1));
}

} // namespace
} // namespace fault
