#include "pipeline/caller_book.hpp"

#include <cstring>
#include <stdexcept>
#include <utility>

namespace gateway::pipeline {

caller_book::caller_book(std::vector<settings::caller> callers)
    : callers_(std::move(callers)), anonymous_{&anyone_, {}, {}} {
    anyone_.name = "anonymous";
    entries_.reserve(callers_.size());
    for (const auto& each : callers_) {
        const auto hash = from_hex(each.key_sha256);
        sha256_bytes bytes{};
        if (!hash || hash->size() != bytes.size())
            throw std::invalid_argument("callers: key_sha256 of " + each.name + " is not 64 hex characters");
        std::memcpy(bytes.data(), hash->data(), bytes.size());
        entries_.push_back({&each, bytes, {.limit = each.requests_per_minute, .length = seconds{60}}});
    }
}

const caller_book::entry* caller_book::find(std::string_view key) const {
    if (open()) return &anonymous_;
    const auto hash = sha256(key);
    const entry* found = nullptr;
    for (const auto& each : entries_) // compares with all of them, without an early end
        if (equal_in_constant_time(as_text(hash), as_text(each.key_hash))) found = &each;
    return key.empty() ? nullptr : found;
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
