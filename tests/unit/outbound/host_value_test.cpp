#include "outbound/host_value.hpp"

#include <gtest/gtest.h>

namespace gateway::outbound {
namespace {

TEST(HostValue, LeavesOutThePortOfHttpsAlone) {
    EXPECT_EQ(host_value({"open.tiktokapis.com", 443}), "open.tiktokapis.com");
    EXPECT_EQ(host_value({"localhost", 8443}), "localhost:8443");
    EXPECT_EQ(host_value({"localhost", 80}), "localhost:80");
    EXPECT_EQ(with_port({"open.tiktokapis.com", 443}), "open.tiktokapis.com:443");
}

} // namespace
} // namespace gateway::outbound
