#include "inbound/idle_line.hpp"

namespace gateway::inbound {

void idle_line::place::idle() {
    if (in_line_) return;
    older_ = line_.newest_;
    newer_ = nullptr;
    (older_ ? older_->newer_ : line_.oldest_) = this;
    line_.newest_ = this;
    in_line_ = true;
}

void idle_line::place::busy() {
    if (!in_line_) return;
    (older_ ? older_->newer_ : line_.oldest_) = newer_;
    (newer_ ? newer_->older_ : line_.newest_) = older_;
    in_line_ = false;
}

bool idle_line::close_oldest() {
    if (!oldest_) return false;
    place& gone = *oldest_;
    gone.busy();
    gone.of_.close(); // its session's read ends, and with it the session
    return true;
}

void idle_line::close_all() {
    while (close_oldest()) {
    }
}

} // namespace gateway::inbound
