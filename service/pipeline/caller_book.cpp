#include "pipeline/caller_book.hpp"

#include "base/utf.hpp"
#include "settings/anonymous_caller.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace gateway::pipeline {
namespace {

/// A shorter text is no key, whatever its hash: `key_sha256` can be the hash of a word that anybody guesses
/// (new-key makes 47 characters).
constexpr std::size_t caller_key_characters_min = 32;

/// A byte that belongs to no character counts as one.
bool is_long_enough(std::string_view key) {
    std::size_t characters = 0;
    for (; !key.empty() && characters < caller_key_characters_min; ++characters)
        take_utf8(key);
    return characters == caller_key_characters_min;
}

} // namespace

const waiting_party& caller_parties::of(const std::string& name) {
    return parties_.try_emplace(name, calls_end_, sharer_of(name)).first->second;
}

caller_book::caller_book(std::vector<settings::caller> callers, caller_parties* parties)
    : callers_(std::move(callers)), anonymous_{&anyone_, {}, {}, sharer_of("")} {
    anyone_.name = settings::anonymous_caller;
    const bool is_shared = parties != nullptr && callers_.size() > 1;
    if (is_shared) anonymous_.party = &parties->of(""); // no caller has this name
    entries_.reserve(callers_.size());
    for (const auto& each : callers_) {
        const auto hash = from_hex(each.key_sha256);
        sha256_bytes bytes{};
        if (!hash || hash->size() != bytes.size())
            throw std::invalid_argument("callers: key_sha256 of " + each.name + " is not 64 hex characters");
        std::memcpy(bytes.data(), hash->data(), bytes.size());
        entries_.push_back({&each,
                            bytes,
                            {.limit = each.requests_per_minute, .length = seconds{60}},
                            sharer_of(each.name),
                            is_shared ? &parties->of(each.name) : nullptr});
    }
}

const caller_book::entry* caller_book::find(std::string_view key) const {
    if (open()) return &anonymous_;
    const auto hash = sha256(key);
    const entry* found = nullptr;
    for (const auto& each : entries_) // compares with all of them, without an early end
        if (equal_in_constant_time(as_text(hash), as_text(each.key_hash))) found = &each;
    return is_long_enough(key) ? found : nullptr;
}

std::optional<settings::caller> caller_book::named(std::string_view name) const {
    if (open()) return name == anyone_.name ? std::optional(anyone_) : std::nullopt;
    const auto found = std::find_if(callers_.begin(), callers_.end(),
                                    [name](const settings::caller& each) { return each.name == name; });
    return found == callers_.end() ? std::nullopt : std::optional(*found);
}

const caller_book::entry* cached_api_key::find(const std::shared_ptr<const caller_book>& book,
                                               std::string_view key) {
    if (whose_ != nullptr && book_ == book && key_.equals(key)) return whose_;
    whose_ = book->find(key);
    if (whose_ == nullptr || book->open()) return std::exchange(whose_, nullptr);
    book_ = book;
    key_ = secret(std::string(key));
    return whose_;
}

} // namespace gateway::pipeline
