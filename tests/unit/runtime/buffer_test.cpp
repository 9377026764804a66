// A read buffer keeps nothing of what was consumed.
#include "runtime/buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace gateway::testing {
namespace {

void receive(buffer& into, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto space = into.prepare();
        const auto count = std::min(space.size(), bytes.size());
        std::copy_n(bytes.begin(), count, space.begin());
        into.commit(count);
        bytes.remove_prefix(count);
    }
}

/// The whole memory of an empty buffer.
std::string memory_of(buffer& of) {
    const auto space = of.prepare();
    return {space.begin(), space.end()};
}

const std::string key(300, 'k');

} // namespace

TEST(Buffer, AuditPWipesWhatIsConsumed) {
    buffer in(4'096);
    static_cast<void>(std::fill_n(in.prepare().begin(), 1'024, '\0'));
    receive(in, key);
    in.consume(100);
    EXPECT_EQ(in.bytes(), key.substr(100));
    in.consume(200);
    EXPECT_EQ(memory_of(in).find('k'), std::string::npos);
    receive(in, key);
    in.clear();
    EXPECT_EQ(memory_of(in).find('k'), std::string::npos);
}

TEST(Buffer, AuditPWipesWhereBytesLayBeforeTheyWereMoved) {
    buffer in(1'024);
    std::fill_n(in.prepare().begin(), 1'024, '\0');
    receive(in, std::string(900, 'a') + std::string(124, 'k'));
    in.consume(900);
    const auto space = in.prepare(); // moves the rest to the front
    ASSERT_EQ(space.size(), 900U);
    EXPECT_EQ(std::count(space.begin(), space.end(), 'k'), 0);
    EXPECT_EQ(in.bytes(), std::string(124, 'k'));
}

} // namespace gateway::testing
