#include "posts/follower.hpp"

#include "posts/ask_status.hpp"
#include "posts/follow_up.hpp"
#include "posts/post_watch.hpp"
#include "posts/status_book.hpp"
#include "posts/status_news.hpp"
#include "runtime/worker.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/endpoint.hpp"
#include "user_api/bound_api.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace gateway::posts {
namespace {

constexpr seconds look_within{10};
constexpr seconds write_within{5};

} // namespace

follower::follower(worker& home, status_book& book, const post_watch& watch, user_api::api_client& tiktok,
                   std::uint32_t looks_per_second)
    : home_(home), book_(book), watch_(watch), tiktok_(tiktok), per_second_(looks_per_second) {}

/// At most a second's slots at once, so a pause is not made up for.
std::size_t follower::may_begin(steady_time now) {
    if (per_second_ == 0) return 0;
    const auto each = std::chrono::nanoseconds{seconds{1}} / per_second_;
    counted_until_ = std::max(counted_until_, now - seconds{1});
    const auto by_rate = static_cast<std::size_t>((now - counted_until_) / each);
    return std::min(by_rate, looks_max - std::min(looks_max, under_way_));
}

/// A third of a user's status calls is left to the callers. Looks under way may not have taken their slot
/// yet.
bool follower::leaves_enough(const user_api::bound_api& tiktok) const {
    const auto window = tiktok.known_window_of(tiktok::endpoint::status_fetch);
    const auto taken_soon = under_way_of_.at(tiktok.user());
    return 3 * window.remaining > window.limit + 3 * (taken_soon - 1);
}

task<result<std::size_t>> follower::begin_looks(deadline until) {
    const auto now = steady_now();
    const auto limit = may_begin(now);
    if (limit == 0) co_return std::size_t{0};
    auto due =
        co_await book_.ledger().take_due(static_cast<std::uint32_t>(limit), wall_now(), look_times, until);
    if (!due) co_return due.error();
    counted_until_ += due->size() * (std::chrono::nanoseconds{seconds{1}} / per_second_);
    for (auto& post : *due)
        home_.group().spawn(look_at(std::move(post)));
    co_return due->size();
}

/// TikTok is not asked for a post that is watched, because its watch asks.
task<void> follower::look_at(store::post_record known) {
    struct counted_look {
        follower& in;
        const user_id user; // a copy: the row is moved from at the end
        counted_look(follower& of, user_id whose) : in(of), user(std::move(whose)) {
            ++in.under_way_;
            ++in.under_way_of_[user];
        }
        ~counted_look() {
            --in.under_way_;
            if (--in.under_way_of_.at(user) == 0) in.under_way_of_.erase(user);
        }
    };
    const counted_look under_way(*this, known.user);
    if (!watch_.is_watched(known.id)) {
        const bool has_news = co_await ask(known);
        if (has_news) co_return;
    }
    const auto until = deadline::in(steady_now(), write_within);
    switch (after_look_at(known, wall_now())) {
        case after_look::look_again:
            break;
        case after_look::give_up: {
            auto told = update_by_time(known, wall_now());
            (void)co_await book_.write(std::move(told), learned_by::timeout, until);
            break;
        }
        case after_look::stop:
            (void)co_await book_.ledger().stop_looking(std::move(known), until);
            break;
    }
}

/// Whether TikTok told another status than the ledger's. If it cannot be asked (the user has left, the window
/// is used up, TikTok is away), the next look may find more.
task<bool> follower::ask(const store::post_record& known) {
    telemetry::call_record unused;
    user_api::bound_api api(tiktok_, known.user, unused, deadline::in(steady_now(), look_within));
    if (!leaves_enough(api)) co_return false;
    const auto bound = co_await api.bind();
    if (!bound) co_return false;
    const auto row = std::make_shared<const store::post_record>(known);
    const auto told = co_await ask_status(api, book_, row, known.id, learned_by::poll, wall_now());
    co_return told && told->status != std::string_view(known.status);
}

} // namespace gateway::posts
