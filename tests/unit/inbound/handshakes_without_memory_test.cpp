// One allocation fails, each in turn, as a handshake asks for its turn: that one may end, the next ones
// begin.
#include "base/memory/memory_reserve.hpp"
#include "unit/base/failing_allocations.hpp"
#include "unit/inbound/handshakes.hpp"

#include <new>

namespace gateway::inbound {
namespace {

TEST_F(Handshakes, P07AuditMWhicheverAllocationFailsTheNextOnesBegin) {
    memory_reserve::set_up();
    testing::failing_allocations memory;
    for (const auto of : {price::usual, price::costly}) {
        bool over = false;
        for (int n = 1; !over && n < 100; ++n) {
            all.clear(); // no handshake is under way
            all.push_back(std::make_unique<one_client>(w, line));
            auto asks = take(turns, *all.back(), of, last);
            memory.fail_nth(n);
            w.group().spawn(std::move(asks));
            w.loop().restart();
            w.loop().poll();
            over = memory.stop();
            come(1, of);
            testing::turn_until(w, [&] { return all.back()->order > 0 && w.group().size() == 0; });
            memory_reserve::refill();
        }
        EXPECT_TRUE(over);
    }
    EXPECT_GT(memory.thrown(), 0);
    std::set_new_handler(nullptr);
}

} // namespace
} // namespace gateway::inbound
