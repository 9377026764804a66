#include "outbound/pool_policy.hpp"

#include <algorithm>

namespace gateway::outbound {

pool_policy::decision pool_policy::ask() {
    if (!idle_.empty()) {
        const connection_id newest = idle_.back().id;
        idle_.pop_back();
        ++active_;
        return {verdict::reuse, newest, 0};
    }
    if (active_ < bounds_.connections) {
        ++active_;
        return {verdict::open, 0, 0};
    }
    if (line_.size() >= bounds_.waiters) return {verdict::refuse, 0, 0};
    line_.push_back(next_ticket_);
    return {verdict::wait, 0, next_ticket_++};
}

std::optional<pool_policy::handover> pool_policy::give_back(connection_id id, steady_time now) {
    if (!line_.empty()) {
        const ticket oldest = line_.front();
        line_.pop_front();
        return handover{oldest, id};
    }
    --active_;
    idle_.push_back({id, now});
    return std::nullopt;
}

std::optional<pool_policy::handover> pool_policy::closed() {
    if (!line_.empty()) {
        const ticket oldest = line_.front();
        line_.pop_front();
        return handover{oldest, std::nullopt};
    }
    --active_;
    return std::nullopt;
}

void pool_policy::leave(ticket place) {
    std::erase(line_, place);
}

std::vector<pool_policy::connection_id> pool_policy::expired(steady_time now) {
    // Connections are appended when they are returned, so the expired ones are at the front.
    const auto fresh = std::find_if(idle_.begin(), idle_.end(),
                                    [&](const resting& r) { return now - r.since < bounds_.idle_timeout; });
    std::vector<connection_id> over;
    for (auto r = idle_.begin(); r != fresh; ++r)
        over.push_back(r->id);
    idle_.erase(idle_.begin(), fresh);
    return over;
}

std::vector<pool_policy::connection_id> pool_policy::take_idle() {
    std::vector<connection_id> all;
    for (const auto& r : idle_)
        all.push_back(r.id);
    idle_.clear();
    return all;
}

std::optional<steady_time> pool_policy::next_expiry() const {
    if (idle_.empty()) return std::nullopt;
    return idle_.front().since + bounds_.idle_timeout;
}

} // namespace gateway::outbound
