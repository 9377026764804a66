#include "store/postgresql/watch.hpp"

#include "runtime/waiter.hpp"
#include "store/postgresql/operations.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::store {
namespace {

constexpr milliseconds first_words_within{5'000};
constexpr milliseconds again_after{500};
constexpr std::uint64_t closed_max_ms = 86'400'000; // a day: no error of another replica outlasts it

/// What stands before the next blank; the rest stays.
std::string_view take_word(std::string_view& from) {
    const auto end = from.find(' ');
    const auto word = from.substr(0, end);
    from.remove_prefix(end == std::string_view::npos ? from.size() : end + 1);
    return word;
}

std::optional<std::uint64_t> take_number(std::string_view& from) {
    const auto word = take_word(from);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return value;
}

} // namespace

task<void> postgresql_watch::keep_watching() {
    while (true) {
        {
            postgresql_connection at(pool_.home());
            const bool connected = co_await pool_.connect(at);
            if (connected) co_await watch_with(at);
        }
        told_.in_touch(false);
        co_await pause_until(deadline::in(steady_now(), again_after));
    }
}

task<void> postgresql_watch::watch_with(postgresql_connection& at) {
    at.begin_job(deadline::in(steady_now(), first_words_within));
    statement ask{"SELECT " CHANGES_CHANNEL};
    auto found = co_await at.run(ask);
    if (!found.next()) co_return;
    std::string listen = "LISTEN \"" + found.next_text() + "\"";
    co_await at.execute(std::move(listen));
    if (at.failed()) co_return;
    told_.in_touch(true);
    while (at.fit()) {
        const auto heard = co_await at.hear(deadline::in(steady_now(), deaf_after_));
        for (const auto& each : heard)
            tell(each);
    }
}

void postgresql_watch::tell(const postgresql_connection::notification& heard) {
    if (pool_.is_own(heard.backend)) return;
    std::string_view rest = heard.text;
    const auto what = take_word(rest);
    const auto number = take_number(rest);
    if (!number) return;
    const auto kind = static_cast<std::uint8_t>(*number); // of a window
    if (what == "changed") told_.connection_changed(user_id::trusted(std::string(rest)), *number);
    if (what == "wanted") told_.window_wanted(rest, kind);
    if (what == "closed") {
        const auto wait_ms = take_number(rest);
        if (wait_ms) told_.window_closed(rest, kind, milliseconds{std::min(*wait_ms, closed_max_ms)});
    }
}

} // namespace gateway::store
