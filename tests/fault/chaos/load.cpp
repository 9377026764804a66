#include "fault/chaos/load.hpp"

#include "harness/raw_socket.hpp"

#include <algorithm>
#include <stdexcept>

namespace fault {
namespace {

using gateway::milliseconds;
using gateway::steady_now;

constexpr milliseconds read_pause{25}, greedy_pause{15}, obedient_pause{30};
constexpr milliseconds staging_pause{100}, short_pause{20}, call_patience{8'000}, piece_patience{5'000};
constexpr milliseconds a_death_is_noticed_within{3'000};
constexpr std::size_t staged_pieces = 12, piece_bytes = 32'768;
const harness::fields at_most_a_second{{"X-Request-Timeout", "1"}};

milliseconds wait_told_by(const harness::answer& got) {
    const auto told = got.at("problem.retry_after_ms");
    return told.is_int64() ? milliseconds{told.get_int64()} : milliseconds{-1};
}

std::string brief(const harness::answer& got) {
    return got.raw.substr(0, 500);
}

} // namespace

bool is_window_full(const harness::answer& got) {
    return got.status == 429 && got.text_at("problem.limit_scope") == "tiktok_user";
}

harness::answer load::ask_any(const call_function& ask) {
    const auto api = replicas_.client(turn_++ % replicas_.count(), call_patience);
    if (!api) {
        over_.within(short_pause);
        return {};
    }
    try {
        return ask(*api);
    } catch (const std::runtime_error&) { // it was killed before the call reached it
        return {};
    }
}

void load::look_at_read(const std::string& user, const harness::answer& got) {
    if (got.code() == "reconnect_required") users_.told_to_reconnect(user);
    const std::lock_guard guard(lock_);
    if (got.status != 200) {
        without_profile_since_.try_emplace(user, steady_now());
        return;
    }
    const auto since = without_profile_since_.find(user);
    if (since == without_profile_since_.end()) return;
    found_.raise(figure::longest_without_a_user_ms, (steady_now() - since->second) / milliseconds{1});
    without_profile_since_.erase(since);
}

void load::read(std::size_t number) {
    std::mt19937 dice(seed_ + static_cast<std::uint32_t>(number));
    while (!over_.within(read_pause)) {
        const auto user = users_.pick(dice());
        const auto got =
            ask_any([&](const harness::http_client& api) { return api.get("/v1/users/" + user + "/info"); });
        if (got.status != 429) look_at_read(user, got);
        found_.count(figure::reads);
    }
}

void load::ask_greedily(std::size_t number) {
    std::mt19937 dice(seed_ + static_cast<std::uint32_t>(number));
    const auto user = users_.make();
    if (!user) return;
    // Photos never end here, so that TikTok is asked for their status each time.
    pending_write post{.known = {.what = new_write(*user, dice)}};
    post.known.what.kind = keyed_call_kind::photos;
    while (post.known.publish_id.empty() && !over_.within(greedy_pause))
        ask_once(post);
    const std::string all[] = {"/creator", "/info", "/posts/" + post.known.publish_id};
    remember(std::move(post.known));
    for (std::size_t i = 0; !over_.within(greedy_pause); ++i) {
        ask_any([&](const harness::http_client& api) {
            return api.get("/v1/users/" + *user + all[i % std::size(all)], at_most_a_second);
        });
        found_.count(figure::reads);
    }
}

void load::obey(const std::string& what, const harness::answer& got,
                const std::function<harness::answer()>& ask) {
    const auto wait = wait_told_by(got);
    found_.count(figure::waits_told);
    const auto in_seconds = got.header("retry-after");
    if (wait < milliseconds{0} || in_seconds.empty() || milliseconds{1'000} * std::stoll(in_seconds) < wait) {
        found_.broken(promise::true_waits, what + ": its two waits do not fit: " + brief(got));
        return;
    }
    const auto before = replicas_.epoch();
    if (over_.within(wait)) return;
    const auto again = ask();
    const bool untrue = is_window_full(again);
    if (replicas_.epoch() != before) {
        found_.count(figure::waits_disturbed);
        if (untrue) found_.count(figure::waits_disturbed_untrue);
        return;
    }
    found_.count(figure::waits_judged);
    if (untrue)
        found_.broken(promise::true_waits, what + ": told to wait " + std::to_string(wait.count())
                                               + " ms, and then: " + brief(again));
}

void load::wait_as_told(std::size_t number, const std::string& user) {
    std::mt19937 dice(seed_ + static_cast<std::uint32_t>(number));
    const bool posts = number % 2 == 1;
    while (!over_.within(obedient_pause)) {
        remembered_write known{.what = new_write(user, dice)};
        known.what.kind = keyed_call_kind::photos;
        const auto ask = [&] {
            const auto got = ask_any([&](const harness::http_client& api) {
                return posts ? ask_for(api, known.what) : api.get("/v1/users/" + user + "/creator");
            });
            if (posts) note_answer(known, got);
            return got;
        };
        const auto got = ask();
        if (got.code() == "reconnect_required") users_.told_to_reconnect(user);
        if (is_window_full(got)) obey(user + (posts ? " posts" : " asks for the creator"), got, ask);
        if (posts) remember(std::move(known));
    }
}

harness::answer load::stage_slowly(const harness::http_client& api, std::size_t pieces) {
    harness::raw_socket socket(api.port());
    const std::string piece = video_of(piece_bytes);
    socket.send(
        "POST /v1/files HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: video/mp4\r\n"
        "Authorization: Bearer "
        + replicas_.caller_key() + "\r\nContent-Length: " + std::to_string(pieces * piece.size())
        + "\r\n\r\n");
    for (std::size_t i = 0; i < pieces; ++i) {
        if (!socket.send(piece, piece_patience)) break;
        over_.within(staging_pause);
    }
    return harness::parse_answer(socket.receive_all(piece_patience));
}

void load::stage(std::size_t number) {
    for (auto turn = number; !over_.within(staging_pause); ++turn) {
        const auto which = turn % replicas_.count();
        const auto before = replicas_.epoch_of(which);
        const auto api = replicas_.client(which, call_patience);
        if (!api || replicas_.is_frozen(which)) continue;
        harness::answer got;
        try {
            got = stage_slowly(*api, staged_pieces);
            if (got.status == 200) api->del("/v1/files/" + got.text_at("data.file_id"));
        } catch (const std::runtime_error&) { // it was killed, which the epoch tells
        }
        found_.count(figure::stagings);
        if (got.status != 200) over_.within(a_death_is_noticed_within);
        if (replicas_.epoch_of(which) != before || got.code() == "vault_unavailable")
            found_.count(figure::stagings_disturbed);
        else if (got.status != 200)
            found_.broken(promise::stagings_succeed, "at replica " + std::to_string(which) + ", which was "
                                                         "left alone: " + brief(got));
    }
}

} // namespace fault
