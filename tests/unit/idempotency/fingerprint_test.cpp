#include "idempotency/fingerprint.hpp"

#include <boost/json/object.hpp>
#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>

namespace gateway::idempotency {
namespace {

TEST(Fingerprint, ChangesWithEveryPartOfTheRequest) {
    const boost::json::object inputs{{"caption", "a"}}, others{{"caption", "b"}};
    std::set<std::string> seen;
    const auto add = [&](const request_identity& of) { EXPECT_TRUE(seen.insert(fingerprint(of)).second); };
    add({"A", "u", "", inputs, 5, ""});
    add({"B", "u", "", inputs, 5, ""});
    add({"A", "v", "", inputs, 5, ""});
    add({"A", "u", "p", inputs, 5, ""});
    add({"A", "up", "", inputs, 5, ""});
    add({"A", "u", "", others, 5, ""});
    add({"A", "u", "", inputs, 6, ""});
    add({"A", "u", "", inputs, std::nullopt, ""});
    add({"A", "u", "", inputs, 5, "sha-256=:x:"});
    EXPECT_EQ(fingerprint({"A", "u", "", inputs, 5, ""}).size(), 32U);
    EXPECT_EQ(seen.count(fingerprint({"A", "u", "", inputs, 5, ""})), 1U);
}

} // namespace
} // namespace gateway::idempotency
