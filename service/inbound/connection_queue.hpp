// The waiting connections of one listener, in one list for each kind of wait, oldest first. When the bound is
// reached, the oldest of the least useful kind is ended for a new client (C20); a drain ends the idle ones.
// Owned by the listener; its worker's thread only.
#pragma once
#include "base/clock.hpp"
#include "runtime/stream.hpp"

#include <boost/intrusive/list.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace gateway::inbound {

class connection_queue {
public:
    /// What a connection in the line waits for.
    enum class wait : std::uint8_t {
        first_request, // connected, and nothing received yet
        rest_of_head,  // a ClientHello or a head has begun
        handshake,     // a whole ClientHello is there: costs most of all that are not served
        next_request,  // answered before: idle
        end_of_peer,   // everything is sent; lingers until the peer closes, too
        slow_reader,   // an answer is being written, to a client without a key
        slow_caller    // the same to a caller, whose answer has a second to leave
    };

    /// A connection's entry, a member of its session; its destructor removes it.
    class place {
    public:
        place(connection_queue& line, stream& of) : line_(line), of_(of) {}
        ~place() { busy(); }
        place(const place&) = delete;
        place& operator=(const place&) = delete;

        /// No effect on one that was evicted: it has made its room.
        void waits(wait what);
        void busy();
        /// waits(), for slow_reader or slow_caller: holds that many bytes for the answer. If all that are
        /// being written hold more than their bound, the oldest of them make room.
        void writes(wait what, std::size_t held_bytes);

        /// The connection was chosen to make room: its wait has ended, and it must close at once.
        bool evicted() const { return evicted_; }
        /// For a request that arrives at `now`, after the listener has closed: whether it counts as sent
        /// before. True for the first request of a young connection, and for a request that had arrived when
        /// the drain checked the connection.
        bool came_before_the_end(bool first_request, steady_time now) const {
            return had_input_ || (first_request && now - opened_ < young_for);
        }

    private:
        friend class connection_queue;
        connection_queue& line_;
        stream& of_;
        boost::intrusive::list_member_hook<> order_;
        steady_time opened_, since_;
        std::size_t held_bytes_ = 0; // while an answer is being written
        wait what_ = wait::first_request;
        bool evicted_ = false, had_input_ = false;
    };

    /// Chooses a connection, whose session then ends at once: the oldest without a whole head, else one that
    /// lingers, else the one that is idle longest, else the slowest reader. `false`: all are busy.
    bool evict_oldest();
    /// The same, but only a connection without a whole head.
    bool evict_without_head();
    /// The same, but only one in its handshake.
    bool evict_handshake() { return evict(oldest(wait::handshake)); }
    std::uint32_t handshakes() const { return handshakes_; }
    /// Connections that evict_without_head() would find; any thread.
    std::uint32_t without_head() const { return without_head_.load(std::memory_order_relaxed); }
    /// Answers that are being written may hold so much memory.
    void bound_answers(std::size_t bytes_max) { answer_bytes_max_ = bytes_max; }
    std::size_t answer_bytes() const { return answer_bytes_; }
    /// For the drain: ends connections that wait for a request, except young ones that have not been answered
    /// yet and those whose request has already arrived.
    void end_idle(steady_time now);

    /// The time within which a new client is expected to send its first request.
    static constexpr milliseconds young_for{1'000};
    /// The time that a caller's answer has before its connection may make room.
    static constexpr milliseconds slow_after{1'000};

private:
    /// The oldest first.
    using order =
        boost::intrusive::list<place,
                               boost::intrusive::member_hook<place, decltype(place::order_), &place::order_>,
                               boost::intrusive::constant_time_size<false>>;
    order& of(wait what) { return orders_[static_cast<std::size_t>(what)]; }
    static bool lacks_head(wait what) { return what <= wait::handshake; }
    void count(wait what, int change);
    bool evict(place* gone);
    place* oldest(wait what) { return of(what).empty() ? nullptr : &of(what).front(); }
    place* oldest_without_head();
    place* oldest_idle();
    place* oldest_slow_caller();
    bool evict_writer(const place& but);

    std::array<order, 7> orders_;
    std::size_t answer_bytes_ = 0;
    std::size_t answer_bytes_max_ = 16 * 1024 * 1024;
    std::uint32_t handshakes_ = 0;
    std::atomic<std::uint32_t> without_head_{0}; // written by the owner's thread only
};

} // namespace gateway::inbound
