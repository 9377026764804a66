#include "limits/window_journal.hpp"

#include <algorithm>
#include <atomic>

namespace gateway::limits {
namespace {

constexpr unsigned check_bits = 24;
constexpr std::uint64_t check_mask = (std::uint64_t{1} << check_bits) - 1;
constexpr std::uint32_t used_at_first = 256; // a page
constexpr unsigned entries_looked_at = 64;
/// The longest time for which TikTok's 429 closes a window.
constexpr std::chrono::hours closed_max{24};
constexpr std::uint64_t key_of_all = 0; // of the first entry

std::uint64_t check_of(std::uint64_t key, std::uint64_t payload) {
    return ((key ^ (payload * 0xD6E8FEB86659FD93)) * 0xA0761D6478BD642F) >> (64 - check_bits);
}

/// Rounded up: a slot is never free too early.
std::int64_t ms_of(steady_time at) {
    return std::chrono::ceil<milliseconds>(at.time_since_epoch()).count();
}

/// In this order, so that a process that is killed between two stores leaves an old entry, a new one, or
/// none.
void store(std::uint64_t& word, std::uint64_t value) {
    std::atomic_ref(word).store(value, std::memory_order_release);
}

} // namespace

std::uint64_t seal_journal_time(std::uint64_t key, steady_time at, bool mark) {
    const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(ms_of(at), 1));
    const std::uint64_t payload = (ms << 1 | (mark ? 1 : 0)) & (~std::uint64_t{0} >> check_bits);
    return payload << check_bits | check_of(key, payload);
}

std::optional<journal_time> open_journal_time(std::uint64_t key, std::uint64_t word) {
    const std::uint64_t payload = word >> check_bits;
    if (payload < 2 || (word & check_mask) != check_of(key, payload)) return std::nullopt;
    const steady_time at{milliseconds{static_cast<std::int64_t>(payload >> 1)}};
    return journal_time{at, (payload & 1) != 0};
}

void remembered_windows::is_full_until(steady_time at) {
    full_until = std::max(full_until, at);
    until = std::max(until, at);
}

remembered_windows read_journal_part(std::span<const std::uint64_t> words, const journal_reading& how) {
    remembered_windows out;
    steady_time newest{};
    const auto in_this_time = [&how](steady_time at, steady_time::duration longest) {
        if (how.ended_at) at = how.now + std::max<steady_time::duration>(at - *how.ended_at, {});
        return std::min(at, how.now + longest);
    };
    for (std::uint32_t i = 0; i < words.size() / 2; ++i) {
        const std::uint64_t key = i == 0 ? key_of_all : words[2 * i], word = words[2 * i + 1];
        if (word == 0) continue; // free
        out.in_use = i + 1;
        const auto found = open_journal_time(key, word);
        if (!found) {
            out.damaged = true;
            out.is_full_until(how.now + how.window);
            continue;
        }
        const bool closes = found->mark && i != 0;
        const auto until = in_this_time(found->at, closes ? steady_time::duration{closed_max} : how.window);
        if (until <= how.now) continue;
        out.has_open = out.has_open || (i != 0 && !closes && until < found->at);
        if (i == 0) {
            out.is_full_until(until);
            continue;
        }
        if (!closes && found->at >= newest) {
            newest = found->at;
            out.next = i + 1;
        }
        out.entries.push_back({key, until, closes});
        out.until = std::max(out.until, until);
    }
    std::sort(out.entries.begin(), out.entries.end(), [](const journal_entry& a, const journal_entry& b) {
        return a.key != b.key ? a.key < b.key : a.until < b.until;
    });
    return out;
}

journal_part::journal_part(std::span<std::uint64_t> words, const remembered_windows& found)
    : words_(words), size_(static_cast<std::uint32_t>(words.size() / 2)), next_(found.next) {
    used_ = std::min(std::max(found.in_use, used_at_first), size_);
}

std::uint32_t journal_part::free_entry() {
    std::uint32_t at = 0;
    for (unsigned i = 0; i < entries_looked_at; ++i) {
        if (next_ >= used_) next_ = 1;
        at = next_++;
        if (static_cast<std::int64_t>(words_[2 * at + 1] >> (check_bits + 1)) <= now_ms_) return at;
    }
    if (used_ < size_) {
        at = used_;
        used_ = std::min(2 * used_, size_);
        next_ = at + 1;
        return at;
    }
    if (const auto lost = open_journal_time(words_[2 * at], words_[2 * at + 1])) note_full(lost->at);
    return at;
}

std::uint32_t journal_part::write(std::uint64_t key, steady_time until, bool closes) {
    const std::uint32_t at = free_entry();
    store(words_[2 * at + 1], 0);
    store(words_[2 * at], key);
    store(words_[2 * at + 1], seal_journal_time(key, until, closes));
    return at;
}

std::uint32_t journal_part::note(std::uint64_t key, steady_time until, steady_time now) {
    if (size_ == 0) return 0;
    now_ms_ = std::chrono::floor<milliseconds>(now.time_since_epoch()).count();
    return write(key, until, false);
}

void journal_part::note_closed(std::uint64_t key, steady_time until) {
    if (size_ != 0) write(key, until, true);
}

void journal_part::change(std::uint32_t entry, std::uint64_t key, steady_time until) {
    if (size_ == 0 || entry == 0) return;
    if (words_[2 * entry] == key)
        store(words_[2 * entry + 1], seal_journal_time(key, until, false));
    else
        note_full(until); // it was lost to a newer one
}

void journal_part::clear(std::uint32_t entry, std::uint64_t key) {
    if (size_ != 0 && entry != 0 && words_[2 * entry] == key) store(words_[2 * entry + 1], 0);
}

void journal_part::note_full(steady_time until) {
    if (size_ == 0) return;
    const auto before = open_journal_time(key_of_all, words_[1]);
    if (!before || before->at < until) store(words_[1], seal_journal_time(key_of_all, until, false));
}

void journal_part::close_open(steady_time until) {
    for (std::uint32_t i = 1; i < used_; ++i) {
        const auto found = open_journal_time(words_[2 * i], words_[2 * i + 1]);
        if (found && !found->mark && found->at > until) change(i, words_[2 * i], until);
    }
}

void journal_part::note_all(const remembered_windows& from, steady_time now) {
    if (from.full_until > now) note_full(from.full_until);
    for (const auto& each : from.entries)
        each.closes ? note_closed(each.key, each.until) : static_cast<void>(note(each.key, each.until, now));
}

} // namespace gateway::limits
