// The TLS handshakes of one worker. Each costs its thread half a millisecond and some 50 KiB, and a client
// pays nothing for asking. So only a bounded number is under way at once, and above it the oldest goes first:
// a client that answers at once is done long before it is the oldest. They begin one after the other, between
// what the loop has to do for those that are served already; of those that wait for that the oldest goes
// first, too. The costly ones get only a part of the thread's time and a line of their own, in which whoever
// has a place gets its turn: when it is full, the next one goes. Owned by the listener; its worker's thread
// only.
#pragma once
#include "base/clock.hpp"
#include "inbound/connection_queue.hpp"
#include "runtime/task.hpp"
#include "runtime/waiter.hpp"
#include "runtime/worker.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>

namespace gateway::inbound {

class handshake_turns {
public:
    handshake_turns(worker& home, connection_queue& line, std::uint32_t at_once_max)
        : home_(home), line_(line), at_once_max_(at_once_max), costly_timer_(home.executor()) {}
    handshake_turns(const handshake_turns&) = delete;
    handshake_turns& operator=(const handshake_turns&) = delete;

    enum class price { usual, costly };
    /// For a connection whose ClientHello is there: waits until its handshake may begin. `false`: it had to
    /// make room or found none, or the deadline passed; it must close.
    task<bool> take(connection_queue::place& place, price of, deadline until);

    /// A costly one takes five milliseconds: together they take at most a quarter of the thread's time.
    static constexpr milliseconds costly_every{20};

private:
    struct entry {
        connection_queue::place& place;
        waiter turn;
        bool must_close = false;
        boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>
            order{};
    };
    /// The oldest first.
    using order =
        boost::intrusive::list<entry,
                               boost::intrusive::member_hook<entry, decltype(entry::order), &entry::order>,
                               boost::intrusive::constant_time_size<false>>;

    void add_usual(entry& one);
    bool has_costly_place() const { return costly_.size() < at_once_max_ / 4 + 1; }
    void begin_next();
    static bool begin_first(order& of);
    void post_next();
    void wait_for_costly();

    worker& home_;
    connection_queue& line_;
    std::uint32_t at_once_max_;
    order usual_, costly_;
    bool posted_ = false, timed_ = false;
    steady_time costly_due_{};
    steady_timer costly_timer_;
};

} // namespace gateway::inbound
