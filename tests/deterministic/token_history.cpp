#include "deterministic/token_history.hpp"

#include <utility>

namespace gateway::simulation {
namespace {

constexpr std::chrono::hours grace{25};

} // namespace

std::size_t token_history::issue(std::size_t of, std::string refresh_token, milliseconds lag) {
    const auto number = pairs_.size();
    issued_pair made;
    made.user = grants_[of].user;
    made.grant = of;
    made.access = "act." + std::to_string(number);
    made.refresh = refresh_token.empty() ? "rft." + std::to_string(number) : std::move(refresh_token);
    made.at = steady_now();
    made.known_from = made.at + lag;
    by_refresh_[made.refresh] = number;
    by_access_[made.access] = number;
    grants_[of].newest = number;
    pairs_.push_back(std::move(made));
    return number;
}

std::size_t token_history::log_in(std::size_t user) {
    grants_.push_back({user, pairs_.size(), 0, false, false});
    return issue(grants_.size() - 1, {}, milliseconds{0});
}

void token_history::end_grants_of(std::size_t user) {
    for (auto& one : grants_)
        if (one.user == user) one.over = one.by_user = true;
}

void token_history::end_access_of(std::size_t user) {
    for (auto one = grants_.rbegin(); one != grants_.rend(); ++one) {
        if (one->user != user) continue;
        pairs_[one->newest].access_over = true;
        return;
    }
}

std::optional<std::size_t> token_history::of_refresh_token(const std::string& text) const {
    const auto found = by_refresh_.find(text);
    if (found == by_refresh_.end()) return std::nullopt;
    return found->second;
}

std::optional<std::size_t> token_history::of_access_token(const std::string& text) const {
    const auto found = by_access_.find(text);
    if (found == by_access_.end()) return std::nullopt;
    return found->second;
}

bool token_history::would_refresh(std::size_t number) const {
    const auto& shown = pairs_[number];
    const auto& of = grants_[shown.grant];
    if (of.over || steady_now() < shown.known_from) return false;
    if (of.newest == number || how_ == rotation::none) return true;
    // Every later pair was issued when a predecessor was used, so the grace period counts from the newest.
    return how_ == rotation::grace && steady_now() - pairs_[of.newest].at < grace;
}

std::optional<std::size_t> token_history::refresh(const std::string& refresh_token, milliseconds lag) {
    const auto shown = of_refresh_token(refresh_token);
    if (!shown) return std::nullopt;
    const auto of = pairs_[*shown].grant;
    if (!would_refresh(*shown)) {
        if (how_ == rotation::strict_family) grants_[of].over = true;
        return std::nullopt;
    }
    return issue(of, how_ == rotation::none ? refresh_token : std::string{},
                 how_ == rotation::lag ? lag : milliseconds{0});
}

bool token_history::takes_access(const std::string& access_token) const {
    const auto number = of_access_token(access_token);
    if (!number) return false;
    const auto& shown = pairs_[*number];
    return !grants_[shown.grant].over && !shown.access_over && steady_now() >= shown.known_from
           && steady_now() < shown.at + lifetime_;
}

} // namespace gateway::simulation
