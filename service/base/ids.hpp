// Types of names that do not convert into each other, so that arguments cannot be swapped by mistake.
#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace gateway {

/// A text with a meaning. Made by the checking function of that meaning, or with `trusted` from our own
/// store.
template <class Meaning>
class named_text {
public:
    named_text() = default;
    static named_text trusted(std::string text) { return named_text{std::move(text)}; }
    /// The same, reusing the memory of this object.
    void assign_trusted(std::string_view text) { text_.assign(text); }

    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }
    auto operator<=>(const named_text&) const = default;

private:
    explicit named_text(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

using user_id = named_text<struct user_id_meaning>;
using publish_id = named_text<struct publish_id_meaning>;
using file_id = named_text<struct file_id_meaning>;
using request_id = named_text<struct request_id_meaning>;
using open_id = named_text<struct open_id_meaning>;
using caller_name = named_text<struct caller_name_meaning>;

/// 1…128 of `A-Z a-z 0-9 . _ ~ : @ + | = -`, not `.` or `..` (docs/contract.md §2).
result<void> check_user_id(std::string_view text, user_id& into);
/// 1…64 of `A-Z a-z 0-9 _ . ~ -` (TikTok's publish_id, docs/tiktok-wire.md §0).
result<void> check_publish_id(std::string_view text, publish_id& into);
result<publish_id> check_publish_id(std::string_view text);
/// `file_` and 26 characters of Crockford's base 32.
result<file_id> check_file_id(std::string_view text);

/// 26 characters that sort by time: 48 bits of milliseconds, 80 random bits (the ULID layout).
std::string new_ulid(wall_time now);
/// Whether it has the form of one.
bool is_ulid(std::string_view text);
/// Sorts after all of earlier milliseconds, and before all others of this one.
std::string first_ulid(wall_time at);
/// The same with random bytes that are requested in batches, for making one per request: a request costs more
/// than the rest of the work. Not for secrets, because later bytes are already in memory. For one thread.
class ulid_source {
public:
    /// Reuses the memory of the string.
    void next(std::string& into, wall_time now);

private:
    std::string random_;
    std::size_t used_ = 0;
};

} // namespace gateway

template <class Meaning>
struct std::hash<gateway::named_text<Meaning>> {
    // Not noexcept, so that libstdc++'s maps store the hash with each name: a lookup then compares numbers
    // and does not hash the names of its neighbours.
    std::size_t operator()(const gateway::named_text<Meaning>& name) const {
        return std::hash<std::string>{}(name.text());
    }
};
