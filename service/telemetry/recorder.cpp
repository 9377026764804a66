#include "telemetry/recorder.hpp"

#include "telemetry/sink.hpp"

#include <algorithm>

namespace gateway::telemetry {

namespace {

std::size_t bucket_of(std::chrono::microseconds took) {
    const double seconds = static_cast<double>(took.count()) / 1e6;
    const auto* const bound = std::find_if(duration_bounds.begin(), duration_bounds.end(),
                                           [seconds](double one) { return seconds <= one; });
    return static_cast<std::size_t>(bound - duration_bounds.begin());
}

/// error: a fault of this service, which may raise an alert. warn: trouble at TikTok, a bound that was
/// reached, or a write of which nobody knows whether it was done. info: everything else, also what a client
/// did wrong (501 and 505, too).
level level_of_call(const call_record& call) {
    if (call.status == http_status(errc::internal)) return level::error;
    const bool is_trouble = call.status >= 502 && call.status <= 504;
    return is_trouble || call.code == errc::outcome_unknown ? level::warn : level::info;
}

} // namespace

void histogram_cells::observe(std::chrono::microseconds took) {
    const auto time = std::max(took, std::chrono::microseconds{0});
    buckets[bucket_of(time)].add(1);
    sum_us.add(static_cast<std::uint64_t>(time.count()));
}

recorder::recorder(sink& all, std::size_t actions, std::size_t statuses, std::size_t endpoints)
    : all_(all),
      requests_(actions, statuses),
      request_times_(actions),
      upstream_(endpoints, codes_max),
      upstream_times_(endpoints),
      limited_(scopes, endpoints) {}

void recorder::call_ended(const call_record& call, steady_time now, wall_time wall) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - call.began);
    const std::size_t action = all_.action_index(call.action);
    requests_.at(action, all_.status_index(call.status)).add(1);
    request_times_[action].observe(took - call.waited);
    if (call.replayed) replays_.add(1);
    if (call.undurable) undurable_.add(1);
    if (call.body_bytes_in > 0) bytes_in_.add(call.body_bytes_in);
    // Refusals by TikTok's windows are counted by those windows; a caller's quota has no endpoint.
    if (call.refused_by == limit_scope::caller || call.refused_by == limit_scope::address)
        rate_limited(*call.refused_by, {});

    const level l = level_of_call(call);
    if (!all_.logs(l) || (call.code && !has_room_for_line(call, now))) return;
    line_.clear();
    append_call(line_, l, call, took, wall);
    all_.push_line(line_, call.by);
}

bool recorder::few_lines::has_room(steady_time now) {
    constexpr std::uint32_t told_a_second = 5;
    if (now - since >= seconds{1}) {
        since = now;
        told = 0;
    }
    if (told < told_a_second) {
        ++told;
        return true;
    }
    untold.add(1);
    return false;
}

bool recorder::has_room_for_line(const call_record& call, steady_time now) {
    if (call.refused_by == limit_scope::address) {
        without_key_.untold.add(1);
        return false;
    }
    if (call.code == errc::unauthenticated) return without_key_.has_room(now);
    const bool of_no_call = call.code == errc::overloaded && call.action == "NONE";
    return !of_no_call || without_room_.has_room(now);
}

std::size_t recorder::code_index(std::string_view code) {
    for (std::size_t at = 0; at < codes_max; ++at)
        if (known_codes_[at].data() != nullptr && known_codes_[at] == code) return at;
    const auto [at, name] = all_.learn_code(code);
    known_codes_[at] = name;
    return at;
}

void recorder::upstream_call(std::string_view endpoint, std::string_view code, milliseconds took) {
    const std::size_t where = all_.endpoint_index(endpoint);
    upstream_.at(where, code_index(code)).add(1);
    upstream_times_[where].observe(took);
}

void recorder::rate_limited(limit_scope scope, std::string_view endpoint) {
    limited_.at(static_cast<std::size_t>(scope), all_.endpoint_index(endpoint)).add(1);
}

void recorder::post_ended(std::string_view outcome) {
    posts_[all_.outcome_index(outcome)].add(1);
}

} // namespace gateway::telemetry
