// Which uploads are told to other replicas, and how often.
#include "posts/wanted_bytes.hpp"

#include <gtest/gtest.h>

namespace gateway::testing {

TEST(WantedBytes, AreToldForHalfAMinuteTwiceASecondAndAtTheEnd) {
    posts::wanted_bytes bytes;
    const auto one = publish_id::trusted("v_pub_file~v2.1"), other = publish_id::trusted("v_pub_file~v2.2");
    const auto now = steady_now();
    EXPECT_FALSE(bytes.may_tell(one, true, now)) << "nobody has asked";
    bytes.want(one, now);
    EXPECT_TRUE(bytes.may_tell(one, false, now));
    EXPECT_FALSE(bytes.may_tell(one, false, now + milliseconds{499}));
    EXPECT_TRUE(bytes.may_tell(one, true, now + milliseconds{499})) << "the last byte";
    EXPECT_TRUE(bytes.may_tell(one, false, now + seconds{2}));
    EXPECT_FALSE(bytes.may_tell(other, true, now));
    EXPECT_FALSE(bytes.may_tell(one, true, now + seconds{31}));
    bytes.want(one, now + seconds{40});
    EXPECT_TRUE(bytes.may_tell(one, false, now + seconds{41})) << "wanted again";
}

} // namespace gateway::testing
