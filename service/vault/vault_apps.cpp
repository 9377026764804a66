// Pairs of other TikTok apps, and pairs from before apps were noted (token_vault.hpp, docs/promises.md V15).
// A pair belongs to the app that got it. Under another app it is neither used nor judged, and it waits
// beside the one of the present app until the gateway runs under its own app again.
#include "vault/sealing.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::vault {
namespace {

constexpr std::string_view fact_name = "app_of_old_pairs";
constexpr std::uint32_t users_of_step = 50;

} // namespace

bool token_vault::is_ours(const store::connection_summary& record) const {
    if (record.app.empty()) return old_pairs_.load(std::memory_order_relaxed) != old_pairs::of_another_app;
    return record.app == app_;
}

shared_tokens token_vault::of_another_app(const store::connection_summary& record) {
    auto out = std::make_shared<token_set>();
    out->user = record.user;
    out->account = record.account;
    out->granted = scopes_.of(record.scopes);
    out->version = record.version;
    out->state = store::connection_state::reconnect_required;
    out->cause = other_app;
    out->connected_at = record.connected_at;
    out->received_at = record.updated_at;
    return out;
}

task<result<bool>> token_vault::bring_back_pair(const store::connection_summary& there, deadline until) {
    if (there.app.empty()) co_return false; // nothing waits beside a pair of no app
    auto waiting = co_await connections_.find_beside(there.user, app_, until);
    if (!waiting) co_return waiting.error();
    if (!*waiting) co_return false;
    auto& record = **waiting;
    const auto text = open_pair(record, record.version, app_, record.sealed_tokens);
    if (!text) {
        ++damaged_; // stays there, for operators to see (V04)
        co_return false;
    }
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    const auto waiting_version = record.version;
    record.version = std::max({waiting_version, there.version, cache_.now(there.user).newest_version}) + 1;
    record.sealed_tokens = seal_pair(**keys, record, *text);
    auto swapped = co_await connections_.swap(std::move(record), waiting_version, there.version, until);
    cache_.mark_stale(there.user);
    if (!swapped) co_return swapped.error();
    co_return true; // also if another writer was faster: then it has changed
}

task<result<std::string>> token_vault::bring_back(std::string cursor, deadline until) {
    const auto users = co_await connections_.list_beside(app_, std::move(cursor), users_of_step, until);
    if (!users) co_return users.error();
    for (const auto& user : *users) {
        const auto there = co_await connections_.find_summary(user, until);
        if (!there) co_return there.error();
        if (!*there || is_ours(**there)) continue;
        const auto back = co_await bring_back_pair(**there, until);
        if (!back) co_return back.error();
    }
    co_return users->size() < users_of_step ? std::string{} : users->back().text();
}

task<result<void>> token_vault::learn_app_of_old_pairs(deadline until) {
    const auto known = co_await facts_.find(std::string(fact_name), until);
    if (!known) co_return known.error();
    if (*known) note_app_of_old_pairs(**known);
    co_return result<void>{};
}

void token_vault::note_app_of_old_pairs(const std::string& app) {
    old_pairs_.store(app == app_ ? old_pairs::ours : old_pairs::of_another_app);
}

task<result<void>> token_vault::note_taken(shared_tokens tokens, deadline until) {
    if (!tokens->without_app || old_pairs_.load() != old_pairs::unknown) co_return result<void>{};
    auto learned = co_await learn_app_of_old_pairs(until); // another replica may have noted it
    if (!learned || old_pairs_.load() != old_pairs::unknown) co_return learned;
    // Another replica, under another app, may note it at the same time: one of the two is first.
    const auto first = co_await facts_.put_first(std::string(fact_name), app_, until);
    if (!first) co_return first.error();
    note_app_of_old_pairs(*first);
    co_return result<void>{};
}

task<result<bool>> token_vault::is_judged(shared_tokens tokens, deadline until) {
    if (!tokens->without_app) co_return true;
    result<void> noted;
    if (tokens->accepted.by_any())
        noted = co_await note_taken(tokens, until);
    else
        noted = co_await learn_app_of_old_pairs(until);
    if (!noted) co_return noted.error();
    co_return old_pairs_.load() == old_pairs::ours;
}

task<result<std::string>> token_vault::bind_old_pairs(std::string cursor, deadline until) {
    if (old_pairs_.load() != old_pairs::ours) co_return std::string{};
    const auto rows = co_await connections_.list_without_app(std::move(cursor), users_of_step, until);
    if (!rows) co_return rows.error();
    for (const auto& row : *rows) {
        auto anew = co_await seal_for_app(row, app_, until);
        if (!anew) co_return anew.error();
        if (!*anew) continue; // damaged: noticed when it is used
        const auto done = co_await connections_.bind_to_app(row, app_, std::move(**anew), until);
        if (!done) co_return done.error();
        cache_.mark_stale(row.user);
    }
    co_return rows->size() < users_of_step ? std::string{} : rows->back().user.text();
}

task<result<std::optional<std::string>>> token_vault::seal_for_app(const store::connection_record& row,
                                                                   const std::string& app, deadline until) {
    std::optional<std::string> out{std::string{}}; // of a row without a pair
    if (row.sealed_tokens.empty()) co_return out;
    out.reset();
    const auto text = open_pair(row, row.version, {}, row.sealed_tokens);
    if (!text) co_return out;
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    store::connection_summary bound = row;
    bound.app = app;
    out = seal_pair(**keys, bound, *text);
    co_return out;
}

task<result<bool>> token_vault::bind_to_its_app(const store::connection_summary& seen, deadline until) {
    const auto app = co_await facts_.find(std::string(fact_name), until);
    if (!app) co_return app.error();
    auto row = co_await connections_.find(seen.user, until);
    if (!row) co_return row.error();
    if (!*app || !*row || !(*row)->app.empty()) co_return true; // changed meanwhile
    auto anew = co_await seal_for_app(**row, **app, until);
    if (!anew) co_return anew.error();
    if (!*anew) co_return false;
    const auto done = co_await connections_.bind_to_app(std::move(**row), **app, std::move(**anew), until);
    cache_.mark_stale(seen.user);
    if (!done) co_return done.error();
    co_return true;
}

} // namespace gateway::vault
