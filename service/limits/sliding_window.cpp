#include "limits/sliding_window.hpp"

#include <cstddef>

namespace gateway::limits {
namespace {

milliseconds rounded_up(steady_time::duration d) {
    return d.count() <= 0 ? milliseconds{0} : std::chrono::ceil<milliseconds>(d);
}

} // namespace

steady_time sliding_window::add_settled(steady_time answered) {
    const steady_time free_at = on_the_grid(answered + rule.length);
    ++settled_count_;
    first_free_at_ = std::min(first_free_at_, free_at);
    // Answers arrive nearly in the order in which their slots become free.
    if (past_ == settled_.size() || settled_.back().free_at < free_at) {
        settled_.push_back({free_at, 1});
        return free_at;
    }
    const auto first = settled_.begin() + static_cast<std::ptrdiff_t>(past_);
    auto at = settled_.end() - 1;
    if (at->free_at != free_at)
        at = std::lower_bound(first, settled_.end(), free_at,
                              [](const slots_end& slots, steady_time t) { return slots.free_at < t; });
    if (at->free_at == free_at)
        ++at->count;
    else
        settled_.insert(at, {free_at, 1});
    return free_at;
}

steady_time sliding_window::on_the_grid(steady_time at) const {
    const bool is_shared = rule.whole != 0;
    const auto apart_max = is_shared ? shared_slots_apart_max : slots_apart_max;
    if ((is_shared ? rule.whole : rule.limit) <= apart_max) return at;
    const auto grid = std::max<steady_time::duration>(rule.length / apart_max, milliseconds{1});
    const auto over = at.time_since_epoch() % grid;
    return over.count() == 0 ? at : at + (grid - over);
}

/// Sorted, so only slots at the front can be past.
void sliding_window::forget_settled(steady_time now) {
    for (; past_ < settled_.size() && settled_[past_].free_at <= now; ++past_)
        settled_count_ -= settled_[past_].count;
    if (past_ == settled_.size()) {
        std::vector<slots_end>{}.swap(settled_);
        past_ = 0;
    } else if (past_ > settled_.size() / 2) { // erased rarely, so that a take costs the same for any limit
        settled_.erase(settled_.begin(), settled_.begin() + static_cast<std::ptrdiff_t>(past_));
        past_ = 0;
    }
    first_free_at_ = settled_.empty() ? steady_time::max() : settled_[past_].free_at;
}

milliseconds sliding_window::wait(steady_time now) const {
    steady_time free_at = now;
    if (rule.limit > 0 && used() >= rule.limit) free_at = nth_free(used() - rule.limit, now);
    return rounded_up(std::max(free_at, closed_until_) - now);
}

quota_status sliding_window::status(steady_time now) const {
    const bool is_shared = rule.whole != 0;
    const auto most = is_shared ? std::max(rule.limit, rule.attainable) : rule.limit;
    quota_status s{is_shared ? rule.whole : rule.limit, 0, rule.length, milliseconds{0}};
    if (closed_until_ <= now && used() < most) s.remaining = most - static_cast<std::uint32_t>(used());
    if (s.remaining == 0)
        s.until_more = wait(now);
    else if (used() > 0)
        s.until_more = rounded_up(first_free(now) - now);
    return s;
}

slots_taken sliding_window::taken() const {
    return {static_cast<std::uint32_t>(used()),
            {settled_.begin() + static_cast<std::ptrdiff_t>(past_), settled_.end()}};
}

milliseconds sliding_window::closed_for(steady_time now) const {
    return rounded_up(closed_until_ - now);
}

steady_time sliding_window::first_free(steady_time now) const {
    steady_time next = first_free_at_;
    for (const open_slot& slot : open_)
        next = std::min(next, guess(slot, now));
    return next;
}

steady_time sliding_window::nth_free(std::size_t n, steady_time now) const {
    if (n == 0) return first_free(now); // the usual case
    std::vector<steady_time> guesses;
    for (const open_slot& slot : open_)
        guesses.push_back(guess(slot, now));
    std::sort(guesses.begin(), guesses.end());
    auto open = guesses.begin();
    auto settled = settled_.begin() + static_cast<std::ptrdiff_t>(past_);
    for (;;) {
        const bool from_settled =
            settled != settled_.end() && (open == guesses.end() || settled->free_at <= *open);
        const std::size_t count = from_settled ? settled->count : 1;
        const steady_time free_at = from_settled ? settled++->free_at : *open++;
        if (n < count) return free_at;
        n -= count;
    }
}

} // namespace gateway::limits
