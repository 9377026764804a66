#include "base/fair_share.hpp"

namespace gateway {
namespace {

constexpr std::size_t holders_before_tidying = 64;

} // namespace

fair_share::holder* fair_share::find(sharer by) {
    return holders_.find(static_cast<std::size_t>(by), [by](const holder& one) { return one.who == by; });
}

std::uint64_t fair_share::held_by(sharer by) {
    const holder* const found = find(by);
    return found ? found->held : 0;
}

bool fair_share::allows(sharer by, std::uint64_t more) {
    return may_take({whole_, used_, held_by(by)}, more, shares(by));
}

bool fair_share::grow(sharer by, std::uint64_t piece, std::uint64_t more) {
    holder* mine = find(by);
    if (!may_grow({whole_, used_, mine ? mine->held : 0}, piece, more, shares(by))) return false;
    if (!mine) {
        drop_idle_holders();
        mine = &holders_.add(static_cast<std::size_t>(by));
        mine->who = by;
    }
    mine->held += more;
    used_ += more;
    return true;
}

void fair_share::give_back(sharer by, std::uint64_t less) {
    if (less == 0) return; // its place may be gone
    find(by)->held -= less;
    used_ -= less;
}

void fair_share::clear() {
    for (std::size_t place = 0; place < holders_.places(); ++place)
        if (holder* const one = holders_.at(place)) one->held = 0;
    used_ = 0;
}

/// Callers that a SIGHUP has taken out leave their places this way.
void fair_share::drop_idle_holders() {
    if (holders_.size() < holders_before_tidying) return;
    for (std::size_t place = 0; place < holders_.places();) {
        const holder* const one = holders_.at(place);
        if (one && one->held == 0)
            holders_.erase(*one); // another one may have moved there
        else
            ++place;
    }
}

} // namespace gateway
