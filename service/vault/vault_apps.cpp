// Pairs of other TikTok apps, and pairs from before apps were noted (token_vault.hpp, docs/promises.md V15).
// A pair belongs to the app that got it. Under another app it is neither used nor judged, and it waits
// beside the one of the present app until the gateway runs under its own app again.
#include "store/connection_causes.hpp"
#include "vault/sealing.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>

namespace gateway::vault {
namespace {

constexpr std::string_view fact_name = "app_of_old_pairs";
constexpr std::uint32_t users_of_step = 50;
constexpr char beside = '/'; // begins a cursor of those beside; no user_id has it

} // namespace

bool token_vault::is_ours(const store::connection_summary& record) const {
    if (record.app.empty()) return old_pairs_.load(std::memory_order_relaxed) != old_pairs::of_another_app;
    return record.app == app_;
}

bool token_vault::is_surely_ours(const store::connection_summary& record) const {
    if (record.app.empty()) return old_pairs_.load(std::memory_order_relaxed) == old_pairs::ours;
    return record.app == app_;
}

shared_tokens token_vault::of_another_app(const store::connection_summary& record) {
    auto out = std::make_shared<token_set>();
    out->user = record.user;
    out->account = record.account;
    out->granted = scopes_.of(record.scopes);
    out->version = record.version;
    out->state = store::connection_state::reconnect_required;
    out->cause = store::cause::other_app;
    out->of_another_app = true;
    out->connected_at = record.connected_at;
    out->received_at = record.updated_at;
    return out;
}

task<result<token_vault::brought_back>> token_vault::bring_back_pair(const store::connection_summary& there,
                                                                     deadline until) {
    using enum brought_back;
    if (there.app.empty()) co_return nothing; // nothing waits beside a pair of no app
    auto waiting = co_await connections_.find_beside(there.user, app_, until);
    if (!waiting) co_return waiting.error();
    if (!*waiting) co_return nothing;
    auto& record = **waiting;
    // Not sealed anew: as a new version it would be believed.
    const auto noted = cache_.now(there.user);
    const auto newest_seen = noted.newest_version;
    if (record.version < newest_seen) co_return older;
    const bool is_wiped = record.sealed_tokens.empty(); // TikTok has ended it, and that comes back
    std::optional<token_text> text;
    if (!is_wiped) text = open_pair(record, record.version, app_, record.sealed_tokens);
    if (!is_wiped && !text) {
        const auto unopened = co_await note_unopened(record.sealed_tokens, "This user's tokens are", until);
        if (!unopened) co_return unopened.error();
        co_return nothing; // it stays there, for operators to see (V04)
    }
    if (text && !noted.may_be_newest(record.version, record.account)) co_return older;
    const auto keys = co_await ring_to_seal(1, until);
    if (!keys) co_return keys.error();
    const auto waiting_version = record.version;
    record.version = std::max({waiting_version, there.version, newest_seen}) + 1;
    if (text) record.sealed_tokens = seal_pair(**keys, record, *text);
    auto swapped = co_await connections_.swap(std::move(record), waiting_version, there.version, until);
    cache_.mark_stale(there.user);
    if (!swapped) co_return swapped.error();
    co_return done; // also if another writer was faster: then it has changed
}

task<result<bool>> token_vault::sort_out(const store::connection_summary& there, deadline until) {
    if (there.app == app_) co_return false;
    if (there.app.empty()) {
        const auto used = cache_.find_stale(there.user); // TikTok may have taken it in a call
        result<void> noted;
        if (used && used->accepted.by_any()) noted = co_await note_taken(used, until);
        if (!noted) co_return noted.error();
        co_return co_await bind_to_its_app(there, until);
    }
    const auto back = co_await bring_back_pair(there, until);
    if (!back) co_return back.error();
    // The new grant is believed all the same, and takes the place of the older pair.
    if (*back == brought_back::older) static_cast<void>(refuse_older(there.user));
    co_return *back == brought_back::done;
}

task<result<std::string>> token_vault::bring_back(std::string cursor, deadline until) {
    const auto users = co_await connections_.list_beside(app_, std::move(cursor), users_of_step, until);
    if (!users) co_return users.error();
    for (const auto& user : *users) {
        const auto back = co_await bring_back_to(user, until);
        if (!back) co_return back.error();
    }
    co_return users->size() < users_of_step ? std::string{} : users->back().text();
}

task<result<void>> token_vault::bring_back_to(user_id user, deadline until) {
    const auto there = co_await connections_.find_summary(user, until);
    if (!there) co_return there.error();
    if (!*there || is_ours(**there)) co_return result<void>{};
    const auto back = co_await bring_back_pair(**there, until);
    if (!back) co_return back.error();
    if (*back == brought_back::older) static_cast<void>(refuse_older(user)); // others go on
    co_return result<void>{};
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
    if (!tokens->without_app) co_return result<void>{};
    co_return co_await note_old_pair_taken(until);
}

task<result<void>> token_vault::note_old_pair_taken(deadline until) {
    if (old_pairs_.load() != old_pairs::unknown) co_return result<void>{};
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
    if (cursor.starts_with(beside)) co_return co_await bind_beside(cursor.substr(1), until);
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
    if (rows->size() < users_of_step) co_return co_await bind_beside({}, until);
    co_return rows->back().user.text();
}

task<result<std::string>> token_vault::bind_beside(std::string cursor, deadline until) {
    const std::string no_app;
    const auto users = co_await connections_.list_beside(no_app, std::move(cursor), users_of_step, until);
    if (!users) co_return users.error();
    for (const auto& user : *users) {
        const auto row = co_await connections_.find_beside(user, no_app, until);
        if (!row) co_return row.error();
        if (!*row) continue;
        auto anew = co_await seal_for_app(**row, app_, until);
        if (!anew) co_return anew.error();
        if (!*anew) continue; // damaged: stays there
        const auto bound = co_await bind_if_newest(**row, std::move(**anew), until);
        if (!bound) co_return bound.error();
        const auto back = co_await bring_back_to(user, until);
        if (!back) co_return back.error();
    }
    if (users->size() < users_of_step) co_return std::string{};
    co_return beside + users->back().text();
}

/// If the user has, or had, a newer pair of this app, that one has replaced it.
task<result<void>> token_vault::bind_if_newest(const store::connection_record& row, std::string sealed_anew,
                                               deadline until) {
    if (row.version >= cache_.now(row.user).newest_version) {
        const auto bound = co_await connections_.bind_beside(row, app_, std::move(sealed_anew), until);
        if (!bound) co_return bound.error();
        if (*bound) co_return result<void>{};
    }
    co_return co_await connections_.drop_beside(row, until);
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
    if (!*app) co_return false;
    note_app_of_old_pairs(**app);
    if (!*row || !(*row)->app.empty()) co_return true; // changed meanwhile
    auto anew = co_await seal_for_app(**row, **app, until);
    if (!anew) co_return anew.error();
    if (!*anew) co_return false;
    const auto done = co_await connections_.bind_to_app(std::move(**row), **app, std::move(**anew), until);
    cache_.mark_stale(seen.user);
    if (!done) co_return done.error();
    co_return true;
}

} // namespace gateway::vault
