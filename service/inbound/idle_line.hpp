// The connections of one worker in the order in which they fell idle, so that the oldest idle one makes room
// for a new client when the bound is reached (C20). Owned by the listener; its worker's thread only.
#pragma once
#include "runtime/stream.hpp"

#include <cstddef>

namespace gateway::inbound {

class idle_line {
public:
    /// A connection's place; a member of its session. Leaves the line when it goes.
    class place {
    public:
        place(idle_line& line, stream& of) : line_(line), of_(of) {}
        ~place() { busy(); }
        place(const place&) = delete;
        place& operator=(const place&) = delete;

        void idle();
        void busy();

    private:
        friend class idle_line;
        idle_line& line_;
        stream& of_;
        place* older_ = nullptr;
        place* newer_ = nullptr;
        bool in_line_ = false;
    };

    /// Closes the connection that has been idle longest; `false` when none is idle.
    bool close_oldest();
    /// The drain: nobody waits for a request any more.
    void close_all();

private:
    place* oldest_ = nullptr;
    place* newest_ = nullptr;
};

} // namespace gateway::inbound
