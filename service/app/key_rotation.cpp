#include "app/background.hpp"
#include "runtime/waiter.hpp"
#include "telemetry/sink.hpp"
#include "vault/token_vault.hpp"

namespace gateway::app {

namespace {

constexpr seconds look_every{1};
constexpr seconds again_after{600}; // the lifetime of login verifiers
constexpr milliseconds pause_between_pages{20};
constexpr seconds page_within{30};
constexpr std::uint64_t uses_worth_a_word = std::uint64_t{1} << 31; // of 2^32

deadline soon() {
    return deadline::in(steady_now(), page_within);
}

void report_trouble(telemetry::sink& sink, const std::string& key, const failure& why) {
    sink.log(telemetry::level::warn, "vault_reseal_interrupted", {{"key", key}, {"reason", why.message()}});
}

/// Re-encrypts every pair that opens; `false`: the store did not answer.
task<bool> move_pairs(vault::token_vault& vault, telemetry::sink& sink, const std::string& key) {
    std::uint64_t moved = 0, unreadable = 0;
    std::string cursor;
    do {
        const auto step = co_await vault.reseal(key, cursor, soon());
        if (!step) {
            report_trouble(sink, key, step.error());
            co_return false;
        }
        moved += step->resealed;
        unreadable += step->unreadable;
        cursor = step->next;
        co_await pause_until(deadline::in(steady_now(), pause_between_pages));
    } while (!cursor.empty());
    if (moved + unreadable > 0)
        sink.log(
            unreadable > 0 ? telemetry::level::warn : telemetry::level::info, "vault_resealed",
            {{"key", key}, {"resealed", std::to_string(moved)}, {"unreadable", std::to_string(unreadable)}});
    co_return true;
}

/// Whether nothing is sealed under the key: a value that moved while the pages were read is found now.
task<bool> is_unused(vault::token_vault& vault, telemetry::sink& sink, const std::string& key) {
    std::string cursor;
    do {
        const auto look = co_await vault.look_under(key, cursor, soon());
        if (!look) report_trouble(sink, key, look.error());
        if (!look || look->found) co_return false;
        cursor = look->next;
        co_await pause_until(deadline::in(steady_now(), pause_between_pages));
    } while (!cursor.empty());
    co_return true;
}

/// Whether the key is no longer needed.
task<bool> release(vault::token_vault& vault, telemetry::sink& sink, const std::string& key) {
    const bool moved = co_await move_pairs(vault, sink, key);
    if (!moved) co_return false;
    const bool unused = co_await is_unused(vault, sink, key);
    if (!unused) co_return false;
    const auto was_newest = co_await vault.was_newest(key, soon());
    if (!was_newest) {
        report_trouble(sink, key, was_newest.error());
        co_return false;
    }
    if (!*was_newest) {
        sink.log(telemetry::level::info, "vault_key_new",
                 {{"key", key},
                  {"hint",
                   "nothing was ever sealed under it: leave its line, and make it the last one when "
                   "every replica has it"}});
        co_return true;
    }
    sink.log(
        telemetry::level::info, "vault_key_unused",
        {{"key", key}, {"hint", "nothing is sealed under it; its line can be taken out of vault.keys_file"}});
    co_return true;
}

task<bool> release_all(vault::token_vault& vault, telemetry::sink& sink) {
    bool all = true;
    for (const auto& key : vault.older_keys()) {
        const bool released = co_await release(vault, sink, key);
        all = all && released;
    }
    co_return all;
}

} // namespace

task<void> keep_newest_key(vault::token_vault& vault, telemetry::sink& sink) {
    std::uint64_t seen = 0;
    steady_time again = steady_time::max();
    std::string warned_of;
    while (true) {
        if (const auto rings = vault.rings(); rings != seen || steady_now() >= again) {
            seen = rings;
            const bool all = co_await release_all(vault, sink);
            again = all ? steady_time::max() : steady_now() + again_after;
        }
        if (const auto newest = vault.newest_key();
            newest.uses >= uses_worth_a_word && newest.id != warned_of) {
            warned_of = newest.id;
            sink.log(telemetry::level::warn, "vault_key_worn",
                     {{"key", newest.id},
                      {"uses", std::to_string(newest.uses)},
                      {"hint", "a key is safe for 4294967296 seals; append a new one to vault.keys_file"}});
        }
        co_await pause_until(deadline::in(steady_now(), look_every));
    }
}

} // namespace gateway::app
