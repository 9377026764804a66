#include "tokens/received_pair.hpp"

#include "base/digest.hpp"
#include "base/memory/memory_reserve.hpp"
#include "runtime/waiter.hpp"
#include "vault/token_vault.hpp"

#include <boost/asio/this_coro.hpp>

#include <new>
#include <optional>
#include <utility>

namespace gateway::tokens {
namespace {

constexpr milliseconds one_try{15'000};
constexpr milliseconds retry_pause{200};

task<bool> wait_surely(waiter& pause) {
    const memory_reserve::scope no_failure; // for the frame
    return pause.wait();
}

task<void> pause_here(deadline until) {
    waiter pause(co_await boost::asio::this_coro::executor, until);
    co_await wait_surely(pause);
}

vault::spooled_copy keep_copy(vault::token_vault& vault, const std::string& hash,
                              const vault::fresh_tokens& pair, wall_time received_at) {
    if (vault.spool() == nullptr) return {};
    const memory_reserve::scope no_failure;
    auto copy = vault::spooled(vault::spooled_kind::import, vault.app(), pair, received_at);
    copy.sent_hash = hash;
    return vault.keep_on_disk(std::move(copy));
}

task<result<void>> keep_until_stored(vault::token_vault& vault, std::string hash,
                                     const vault::fresh_tokens& pair,
                                     std::function<milliseconds()> retry_for) {
    const auto received_at = wall_now();
    const auto received = steady_now();
    auto copy = keep_copy(vault, hash, pair, received_at);
    while (true) {
        std::optional<result<void>> end;
        try {
            auto tried =
                co_await vault.keep_import(hash, pair, received_at, deadline::in(steady_now(), one_try));
            end = std::move(tried);
        } catch (const std::bad_alloc&) { // below
        }
        if (end && *end)
            copy.stored();
        else
            copy.hurry();
        const bool is_last = steady_now() + retry_pause >= received + retry_for();
        if (end && (*end || is_last)) co_return std::move(*end);
        if (is_last) co_return failure{errc::vault_unavailable, "The store does not answer; try again soon."};
        co_await pause_surely(deadline::in(steady_now(), retry_pause));
    }
}

} // namespace

task<void> pause_surely(deadline until) {
    const memory_reserve::scope no_failure; // for the frame
    return pause_here(until);
}

vault::fresh_tokens tokens_of(const tiktok::token_answer& answer, const secret& sent, std::string_view scopes,
                              milliseconds refresh_lifetime) {
    const memory_reserve::scope no_failure;
    vault::fresh_tokens out;
    out.access_token = answer.access_token.copy();
    out.refresh_token = answer.refresh_token.empty() ? sent.copy() : answer.refresh_token.copy();
    out.account = answer.account;
    out.scopes = answer.scopes.empty() ? std::string(scopes) : answer.scopes;
    out.access_lifetime = answer.access_lifetime;
    out.refresh_lifetime = answer.refresh_lifetime.count() > 0 ? answer.refresh_lifetime : refresh_lifetime;
    out.granted_at = answer.granted_at;
    return out;
}

std::string import_hash(const secret& refresh_token) {
    return std::string(as_text(sha256(refresh_token.reveal())));
}

milliseconds time_to_keep(bool is_draining) {
    return milliseconds{is_draining ? 20'000 : 300'000};
}

task<result<void>> keep_for_import(vault::token_vault& vault, const secret& sent,
                                   const vault::fresh_tokens& pair, std::function<milliseconds()> retry_for) {
    const memory_reserve::scope no_failure; // for the hash and the frame
    return keep_until_stored(vault, import_hash(sent), pair, std::move(retry_for));
}

} // namespace gateway::tokens
