#include "posts/follower.hpp"

#include "base/backoff.hpp"
#include "base/errc.hpp"
#include "posts/ask_status.hpp"
#include "posts/post_watch.hpp"
#include "posts/status_book.hpp"
#include "posts/status_news.hpp"
#include "runtime/worker.hpp"
#include "telemetry/call_record.hpp"
#include "tiktok/endpoint.hpp"
#include "user_api/api_client.hpp"
#include "user_api/bound_api.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace gateway::posts {
namespace {

constexpr seconds look_within{10};
constexpr seconds write_within{5};
/// Looks under way at once: two seconds' worth, because TikTok may be slow, and no more than leave room for
/// calls.
constexpr std::size_t least_looks_max = 32, most_looks_max = 256;
/// One of so many calls of a window.
constexpr int background_share = 6;
/// The longest time between two that are reserved: where the window is of one call a minute.
constexpr seconds looks_remembered{background_share * 60};
/// Posts of one user that wait for the same window come back at different times.
constexpr milliseconds put_off_spread{20'000};

} // namespace

/// The looks of this replica, counted by the looks themselves.
struct follower::under_way {
    std::size_t all = 0;
    std::map<user_id, std::uint32_t> of; // only of users with one

    class one {
    public:
        one(std::shared_ptr<under_way> in, user_id user) : in_(std::move(in)), user_(std::move(user)) {
            ++in_->all;
            ++in_->of[user_];
        }
        one(const one&) = delete;
        one& operator=(const one&) = delete;
        ~one() {
            --in_->all;
            if (--in_->of.at(user_) == 0) in_->of.erase(user_);
        }

    private:
        const std::shared_ptr<under_way> in_;
        const user_id user_;
    };
};

follower::follower(worker& home, status_book& book, const post_watch& watch, user_api::api_client& tiktok,
                   std::uint32_t looks_per_second)
    : home_(home),
      book_(book),
      watch_(watch),
      tiktok_(tiktok),
      per_second_(looks_per_second),
      under_way_(std::make_shared<under_way>()) {}

/// At most a second's slots at once, so a pause is not made up for.
std::size_t follower::may_begin(steady_time now) {
    if (per_second_ == 0) return 0;
    counted_until_ = std::max(counted_until_, now - seconds{1});
    const auto by_rate = static_cast<std::size_t>((now - counted_until_) / each());
    const auto looks_max =
        std::clamp<std::size_t>(2 * std::size_t{per_second_}, least_looks_max, most_looks_max);
    return std::min(by_rate, looks_max - std::min(looks_max, under_way_->all));
}

/// A third of a user's status calls is left to the callers, and a sixth to the background, on each replica:
/// for those a look waits until a slot is free, so that a caller who asks for one post all the time does not
/// keep the others from their ends. Looks under way may not have taken their slot yet.
follower::room follower::room_for(const user_id& user) {
    const auto now = steady_now();
    const auto window = tiktok_.known_window_of(user, tiktok::endpoint::status_fetch);
    const auto others_under_way = under_way_->of.at(user) - 1;
    auto& newest = looked_at_.try_emplace(user, steady_time::min()).first->second;
    const bool is_enough = 3 * window.remaining > window.limit + 3 * others_under_way;
    const auto between_reserved = background_share * window.length / std::max(1U, window.limit);
    if (!is_enough && newest + between_reserved > now) return room::none;
    newest = now;
    return is_enough ? room::enough : room::reserved;
}

task<result<std::size_t>> follower::begin_looks(deadline until) {
    const auto now = steady_now();
    const auto limit = may_begin(now);
    std::erase_if(looked_at_, [now](const auto& one) { return one.second + looks_remembered < now; });
    if (limit == 0) co_return std::size_t{0};
    auto due =
        co_await book_.ledger().take_due(static_cast<std::uint32_t>(limit), wall_now(), look_times, until);
    if (!due) co_return due.error();
    counted_until_ += due->size() * each();
    for (auto& post : *due)
        home_.group().spawn(look_at(std::move(post), under_way_));
    co_return due->size();
}

/// TikTok is not asked for a post that is watched, because its watch asks.
task<void> follower::look_at(store::post_record known, std::shared_ptr<under_way> counts) {
    const under_way::one counted(std::move(counts), known.user);
    if (watch_.is_watched(known.user, known.id)) co_return;
    const auto found = room_for(known.user);
    std::optional<look_outcome> outcome;
    if (found != room::none)
        outcome = co_await ask(known, found);
    else
        counted_until_ -= each(); // it costs TikTok nothing
    if (outcome)
        co_await conclude(std::move(known), *outcome);
    else
        co_await put_off(std::move(known));
}

/// Nothing is concluded from a look that was not made, however old the post is.
task<void> follower::put_off(store::post_record known) {
    const auto spread = milliseconds{static_cast<std::int64_t>(random_unit() * put_off_spread.count())};
    const auto until = deadline::in(steady_now(), write_within);
    (void)co_await book_.ledger().put_off_look(std::move(known), wall_now() + look_times.shortest + spread,
                                               until);
}

/// Nothing: the window has no slot left.
task<std::optional<look_outcome>> follower::ask(const store::post_record& known, room found) {
    telemetry::call_record unused;
    user_api::bound_api api(tiktok_, known.user, unused, deadline::in(steady_now(), look_within));
    api.wait_for_slots(found == room::reserved);
    const auto of_failure = [](const failure& why) {
        return facts(why.code()).retryable ? look_outcome::no_answer : look_outcome::no_news;
    };
    const auto bound = co_await api.bind();
    if (!bound) co_return of_failure(bound.error());
    const auto row = std::make_shared<const store::post_record>(known);
    const auto told = co_await ask_status(api, book_, row, known.id, learned_by::poll, wall_now());
    if (!told && told.error().code() == errc::rate_limited) co_return std::nullopt;
    if (!told) co_return of_failure(told.error());
    co_return told->is_news ? look_outcome::news : look_outcome::no_news;
}

task<void> follower::conclude(store::post_record known, look_outcome outcome) {
    const auto until = deadline::in(steady_now(), write_within);
    switch (after_look_at(known, outcome, wall_now())) {
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

} // namespace gateway::posts
