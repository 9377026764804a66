// Clients of one worker whose ClientHellos are there.
#pragma once
#include "inbound/handshake_turns.hpp"
#include "unit/runtime/run_on.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace gateway::inbound {

struct one_client {
    one_client(worker& w, connection_queue& line) : of(w), place(line, of) {}
    stream of;
    connection_queue::place place;
    int order = 0; // its turn, from 1; -1: it had to close
};

using price = handshake_turns::price;

inline task<void> take(handshake_turns& turns, one_client& who, price of, int& last) {
    const bool may = co_await turns.take(who.place, of, testing::soon());
    who.order = may ? ++last : -1;
}

class Handshakes : public ::testing::Test {
protected:
    void come(std::size_t count, price of = price::usual) {
        for (std::size_t i = 0; i < count; ++i) {
            all.push_back(std::make_unique<one_client>(w, line));
            w.group().spawn(take(turns, *all.back(), of, last));
        }
    }

    worker w{0, milliseconds{5}};
    connection_queue line;
    handshake_turns turns{w, line, 10};
    std::vector<std::unique_ptr<one_client>> all;
    int last = 0;
};

} // namespace gateway::inbound
