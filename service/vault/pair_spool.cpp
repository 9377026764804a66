#include "vault/pair_spool.hpp"

#include "base/memory/memory_reserve.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace gateway::vault {

spooled_copy& spooled_copy::operator=(spooled_copy&& other) noexcept {
    std::swap(of_, other.of_);
    std::swap(entry_, other.entry_);
    return *this;
}

spooled_copy::~spooled_copy() {
    if (entry_) of_->give_back(entry_, false);
}

const spooled_pair& spooled_copy::pair() const {
    return entry_->pair;
}

void spooled_copy::hurry() {
    if (entry_) of_->hurry(entry_);
}

void spooled_copy::stored() {
    if (entry_) of_->give_back(std::exchange(entry_, nullptr), true);
}

void spooled_copy::set_aside(std::string_view why) {
    if (entry_) of_->set_aside(std::exchange(entry_, nullptr), why);
}

pair_spool::pair_spool(token_vault& vault, std::string directory)
    : vault_(vault), folder_(std::move(directory)) {
    const auto ready = folder_.prepare();
    std::unique_lock lock(mutex_);
    if (ready) {
        look_now(lock);
    } else {
        ++counts_.failed;
        tell(event::failed, {}, ready.error().message());
    }
    lock.unlock();
    try {
        writes_ = std::thread([this] { run(duty::writing, writing_ends_); });
        tidies_ = std::thread([this] { run(duty::tidying, tidying_ends_); });
    } catch (...) { // there is no other thread to be had
        stop();
        throw;
    }
}

void pair_spool::report_to(reporter who) {
    const std::lock_guard lock(report_mutex_);
    report_ = std::move(who);
    for (const auto& one : std::exchange(untold_, {}))
        report_(one.what, one.file, one.reason);
}

void pair_spool::tell(event what, std::string_view file, std::string_view reason) {
    const std::lock_guard lock(report_mutex_);
    if (report_)
        report_(what, file, reason);
    else
        untold_.push_back({what, std::string(file), std::string(reason)});
}

void pair_spool::stop() {
    const auto end = [this](bool& ending, std::thread& which) {
        {
            const std::lock_guard lock(mutex_);
            ending = true;
        }
        changed_.notify_all();
        if (which.joinable()) which.join();
    };
    end(writing_ends_, writes_);
    end(tidying_ends_, tidies_); // what was written is synced
}

spooled_copy pair_spool::keep(spooled_pair what) {
    const memory_reserve::scope no_failure;
    auto one = std::make_shared<entry>();
    one->pair = std::move(what);
    one->due = steady_now();
    {
        const std::lock_guard lock(mutex_);
        one->number = ++last_number_;
        entries_.push_back(one);
    }
    changed_.notify_all();
    return {*this, std::move(one)};
}

template <class Wanted>
spooled_copy pair_spool::take_first(Wanted wanted) {
    const std::lock_guard lock(mutex_);
    for (const auto& one : entries_) {
        if (one->is_taken || one->is_stored || !wanted(*one)) continue;
        one->is_taken = true;
        return {*this, one};
    }
    return {};
}

spooled_copy pair_spool::take(const user_id& user, std::uint64_t version) {
    return take_first([&](const entry& one) {
        return one.pair.what == spooled_kind::refresh && one.pair.user == user && one.pair.version == version;
    });
}

spooled_copy pair_spool::take_of(const user_id& user, std::uint64_t& after) {
    auto got = take_first([&](const entry& one) {
        return one.pair.what == spooled_kind::refresh && one.pair.user == user && one.number > after;
    });
    if (got) after = got.entry_->number;
    return got;
}

spooled_copy pair_spool::take_import(const std::string& sent_hash) {
    return take_first([&](const entry& one) {
        return one.pair.what == spooled_kind::import && one.pair.sent_hash == sent_hash;
    });
}

bool pair_spool::holds_import(const std::string& sent_hash) const {
    const std::lock_guard lock(mutex_);
    return std::any_of(entries_.begin(), entries_.end(), [&](const shared_entry& one) {
        return !one->is_stored && one->pair.what == spooled_kind::import && one->pair.sent_hash == sent_hash;
    });
}

spooled_copy pair_spool::take_next(spooled_kind what, std::uint64_t& after) {
    auto got = take_first([&](const entry& one) { return one.pair.what == what && one.number > after; });
    if (got) after = got.entry_->number;
    return got;
}

std::uint64_t pair_spool::fence_of(const user_id& user) const {
    std::uint64_t newest = 0;
    const std::lock_guard lock(mutex_);
    for (const auto& one : entries_)
        if (!one->is_taken && !one->is_stored && one->pair.what == spooled_kind::refresh
            && one->pair.user == user)
            newest = std::max(newest, one->pair.fence);
    return newest;
}

std::vector<user_id> pair_spool::users() const {
    std::vector<user_id> out;
    const std::lock_guard lock(mutex_);
    for (const auto& one : entries_)
        if (!one->is_taken && !one->is_stored && one->pair.what == spooled_kind::refresh)
            out.push_back(one->pair.user);
    return out;
}

std::size_t pair_spool::waiting() const {
    const std::lock_guard lock(mutex_);
    const auto on_disk = std::count_if(entries_.begin(), entries_.end(), [](const shared_entry& one) {
        return one->is_durable && !one->is_stored;
    });
    return static_cast<std::size_t>(on_disk) + unusable_.size();
}

pair_spool::counts pair_spool::counted() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

void pair_spool::hurry(const shared_entry& one) {
    {
        const std::lock_guard lock(mutex_);
        if (one->failures > 0) return;
        one->due = std::min(one->due, steady_now());
    }
    changed_.notify_all();
}

void pair_spool::give_back(const shared_entry& one, bool is_stored) {
    {
        const std::lock_guard lock(mutex_);
        one->is_taken = false;
        one->is_stored = is_stored;
        if (is_stored && one->name.empty() && !one->is_busy) {
            drop(one);
            return;
        }
        if (is_stored || one->failures == 0) one->due = steady_now();
    }
    changed_.notify_all();
}

void pair_spool::set_aside(const shared_entry& one, std::string_view why) {
    const std::lock_guard lock(mutex_);
    one->is_taken = false;
    if (!one->is_durable) return; // it is written first, and taken again
    note_unusable(one->name, why);
    drop(one);
}

task<void> pair_spool::look(deadline until) {
    const auto seen = std::make_shared<shared_wait<bool>>(); // a thread may be its last owner
    {
        const std::lock_guard lock(mutex_);
        who_look_.push_back(seen);
    }
    changed_.notify_all();
    static_cast<void>(co_await seen->wait(until));
}

} // namespace gateway::vault
