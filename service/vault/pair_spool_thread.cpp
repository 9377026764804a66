// What the spool's threads do (pair_spool.hpp): writing; syncing, removing, and looking for what others left.
#include "base/memory/memory_reserve.hpp"
#include "vault/pair_spool.hpp"
#include "vault/sealing.hpp"
#include "vault/token_vault.hpp"

#include <algorithm>
#include <new>
#include <set>
#include <utility>

namespace gateway::vault {
namespace {

constexpr milliseconds store_alone{25}; // usually the store has the pair before that, and nothing is synced
constexpr milliseconds first_retry{50};
constexpr milliseconds next_retry{1'000};
constexpr std::string_view damaged = "damaged", other_app_name = "other_app", unknown_key = "unknown_key";
constexpr int failures_told = 60; // one in so many

} // namespace

pair_spool::step pair_spool::next_step(const entry& one) {
    if (one.is_stored) return step::remove;
    return one.name.empty() ? step::write : step::sync;
}

bool pair_spool::has_work(const entry& one, duty of) {
    if (one.is_busy || (one.is_durable && !one.is_stored)) return false;
    return (next_step(one) == step::write) == (of == duty::writing);
}

pair_spool::shared_entry pair_spool::next_to_do(duty mine, bool ending, steady_time now) const {
    for (const auto& one : entries_)
        if (has_work(*one, mine) && (one->due <= now || (ending && one->failures == 0))) return one;
    return nullptr;
}

steady_time pair_spool::next_due(duty mine) const {
    auto first = steady_time::max();
    for (const auto& one : entries_)
        if (has_work(*one, mine)) first = std::min(first, one->due);
    return first;
}

void pair_spool::run(duty mine, const bool& ending) {
    std::unique_lock lock(mutex_);
    while (true) {
        try {
            if (const auto one = next_to_do(mine, ending, steady_now())) {
                work_on(one, lock);
                continue;
            }
            if (ending) return;
            if (mine == duty::tidying && !who_look_.empty()) {
                look_now(lock);
                continue;
            }
        } catch (const std::bad_alloc&) { // again, when there is memory
            if (!lock.owns_lock()) lock.lock();
            if (ending) return;
            changed_.wait_for(lock, first_retry);
            continue;
        }
        const auto due = next_due(mine);
        if (due == steady_time::max())
            changed_.wait(lock);
        else
            changed_.wait_until(lock, due);
    }
}

result<void> pair_spool::write(entry& one) {
    const auto head = write_spool_head(one.pair);
    const secret plain = write_token_text(one.pair.text);
    const auto sealed = vault_.seal_spooled(head, one.pair.app, plain);
    auto name = new_spool_name();
    auto file = folder_.write(name, join_spool_file(head, sealed));
    if (!file) return file.error();
    const std::lock_guard lock(mutex_);
    one.name = std::move(name);
    one.file = std::move(*file);
    one.due = steady_now() + store_alone;
    return {};
}

result<void> pair_spool::sync(entry& one) {
    auto name = one.name; // which nobody else changes
    auto done = folder_.make_durable(one.file, name);
    const std::lock_guard lock(mutex_);
    one.name = std::move(name);
    if (!done) return done;
    one.is_durable = true;
    ++counts_.written;
    return done;
}

result<void> pair_spool::carry_out(step what, entry& one) {
    if (what == step::write) return write(one);
    if (what == step::sync) return sync(one);
    return folder_.remove(one.name);
}

void pair_spool::work_on(const shared_entry& one, std::unique_lock<std::mutex>& lock) {
    // Until the end of this step, also if it throws; the other thread may have to do the next one.
    struct busy {
        busy(entry& of, std::unique_lock<std::mutex>& by, std::condition_variable& changed)
            : of_(of), by_(by), changed_(changed) {
            of_.is_busy = true;
        }
        ~busy() {
            if (!by_.owns_lock()) by_.lock();
            of_.is_busy = false;
            changed_.notify_all();
        }
        busy(const busy&) = delete;
        busy& operator=(const busy&) = delete;
        entry& of_;
        std::unique_lock<std::mutex>& by_;
        std::condition_variable& changed_;
    };
    const busy at_it(*one, lock, changed_);
    const auto what = next_step(*one);
    if (what == step::remove && one->name.empty()) return drop(one);
    one->due = steady_now() + (one->failures == 0 ? first_retry : next_retry); // if it fails
    lock.unlock();
    const auto done = carry_out(what, *one);
    if (!done && one->failures % failures_told == 0) tell(event::failed, one->name, done.error().message());
    lock.lock();
    one->failures = done ? 0 : one->failures + 1;
    if (!done) ++counts_.failed;
    if (done && what == step::remove) return drop(one);
    if (done && one->is_stored) one->due = steady_now(); // the store was faster
}

void pair_spool::drop(const shared_entry& one) {
    entries_.remove(one);
}

/// A key, or the app, may change; nothing else makes a file of use.
bool pair_spool::is_known(const std::string& name) const {
    const auto noted = unusable_.find(name);
    if (noted != unusable_.end()) return noted->second != unknown_key && noted->second != other_app_name;
    return std::any_of(entries_.begin(), entries_.end(),
                       [&name](const shared_entry& one) { return one->name == name; });
}

void pair_spool::note_unusable(const std::string& name, std::string_view why) {
    auto& noted = unusable_[name];
    if (noted == why) return;
    noted = why;
    ++counts_.unusable;
    tell(event::unusable, name, why);
}

void pair_spool::look_now(std::unique_lock<std::mutex>& lock) {
    const auto who = std::exchange(who_look_, {});
    lock.unlock();
    const auto names = folder_.names();
    lock.lock();
    if (names) {
        const std::set<std::string> there(names->begin(), names->end());
        std::erase_if(unusable_, [&there](const auto& one) { return !there.contains(one.first); });
        for (const auto& name : there)
            if (!is_known(name)) read_file(name, lock);
    }
    lock.unlock();
    const memory_reserve::scope no_failure; // it wakes who waits
    for (const auto& one : who)
        one->set(true);
    lock.lock();
}

/// Its lock is given back where this process cannot use it: another one may. What a writer that has died did
/// not finish is removed.
void pair_spool::read_file(const std::string& name, std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    auto file = folder_.lock(name);
    const auto relock = [&lock] { lock.lock(); };
    if (!file || !*file) return relock();
    const auto parts = split_spool_file((*file)->bytes);
    auto pair = parts ? read_spool_head(parts->head) : std::nullopt;
    std::string_view why;
    if (!pair) {
        why = damaged;
    } else if (pair->app != vault_.app()) {
        why = other_app_name;
    } else {
        const auto plain = vault_.open_spooled(parts->head, pair->app, parts->sealed);
        auto text = plain ? read_token_text(plain->reveal()) : std::nullopt;
        if (!plain && plain.error() == open_error::unknown_key) why = unknown_key;
        if (!text && why.empty()) why = damaged;
        if (text) pair->text = std::move(*text);
    }
    if (why == damaged && !is_final_spool_name(name)) {
        static_cast<void>(folder_.remove(name));
        return relock();
    }
    relock();
    if (!why.empty()) return note_unusable(name, why);
    unusable_.erase(name);
    auto one = std::make_shared<entry>();
    const bool ended = pair->is_of_no_use(wall_now());
    one->pair = std::move(*pair);
    one->number = ++last_number_;
    one->name = name;
    one->file = std::move((*file)->lock);
    one->is_durable = is_final_spool_name(name);
    one->is_taken = false;
    one->is_stored = ended; // so that it is removed
    one->due = steady_now();
    entries_.push_back(one);
    if (ended) tell(event::ended, name, {});
}

} // namespace gateway::vault
