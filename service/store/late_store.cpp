#include "store/late_store.hpp"

#include "runtime/waiter.hpp"

#include <utility>

namespace gateway::store {
namespace {

constexpr milliseconds look_every{500};

} // namespace

task<result<bool>> late_store::update_post(post_record record, deadline until, durable when) {
    const bool is_end = record.state != post_state::begun;
    auto changed = co_await change_post(record, until, when);
    if (!is_end || (changed && *changed)) co_return changed;
    // Not there: whether its beginning was written is not known yet.
    late_.update_post(std::move(record), steady_now());
    if (!changed) co_return changed;
    co_return true;
}

task<result<std::optional<idempotency_record>>> late_store::claim_key(idempotency_record record,
                                                                      wall_time now, deadline until) {
    bool may_be_ours = false;
    auto claimed = co_await try_claim(record, now, until, may_be_ours);
    if (!claimed) {
        if (may_be_ours) late_.forget_key(std::move(record), steady_now());
    } else if (*claimed && !(*claimed)->finished) {
        if (auto answer = late_.answer_of(**claimed)) *claimed = std::move(answer);
    }
    co_return claimed;
}

task<result<done>> late_store::finish_key(idempotency_record record, deadline until) {
    const auto ended = co_await end_key(record, true, until);
    if (ended) co_return done{};
    late_.finish_key(std::move(record), steady_now());
    co_return ended.error();
}

task<result<done>> late_store::forget_key(idempotency_record record, deadline until) {
    const auto ended = co_await end_key(record, false, until);
    if (ended) co_return done{};
    late_.forget_key(std::move(record), steady_now());
    co_return ended.error();
}

task<result<bool>> late_store::write(const late_write& what, deadline until) {
    if (what.what == late_write::kind::update_post)
        co_return co_await change_post(what.post, until, durable::now);
    co_return co_await end_key(what.key, what.what == late_write::kind::finish_key, until);
}

/// `false`: the store cannot write now, so the next would fare no better.
task<bool> late_store::write_first(const late_write& what) {
    const auto began = steady_now();
    const auto written = co_await write(what, deadline::in(began, try_max_));
    if (written) {
        if (*written)
            late_.written();
        else
            late_.found_nothing(began);
        co_return true;
    }
    // A disk without room refuses what is larger than the trial of ping(): that is not this write's fault.
    const bool is_full = how_it_is().now == condition::no_room;
    const auto there = co_await ping(deadline::in(steady_now(), try_max_));
    if (!there || is_full) co_return false;
    late_.refused(steady_now());
    co_return true;
}

task<void> late_store::keep_writing_late() {
    while (true) {
        co_await pause_until(deadline::in(steady_now(), look_every));
        while (const auto next = late_.first(steady_now())) {
            const bool able = co_await write_first(*next);
            if (!able) break;
        }
    }
}

task<bool> late_store::wait_until_written(deadline until) {
    while (late_.counts().waiting > 0 && !until.passed(steady_now())
           && how_it_is().now != condition::beyond_help)
        co_await pause_until(until.no_later_than(steady_now() + milliseconds{20}));
    co_return late_.counts().waiting == 0;
}

} // namespace gateway::store
