// The fixture of flow and fault tests. GATEWAY_PROGRAM and SIMULATOR_PROGRAM are compiled in by CMake.
#pragma once
#include "harness/raw_socket.hpp"
#include "harness/world.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace harness {

class flow_test : public testing::Test {
protected:
    world w{GATEWAY_PROGRAM, SIMULATOR_PROGRAM};

    /// Searches for secrets after every test (docs/promises.md G03).
    void TearDown() override {
        for (const auto& found : w.secrets_seen())
            ADD_FAILURE() << "a secret was seen: " << found;
        if (HasFailure()) std::fputs(w.everything_said().c_str(), stderr);
    }
};

} // namespace harness
