// The way over all sealed pairs, page by page, the same for every engine: first the newest pair of each user,
// by user, then the kept ones, by number. Pure; used within store/ only.
#pragma once
#include "base/ids.hpp"
#include "store/records.hpp"

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace gateway::store {

/// What was looked at last: `c` and a user, or `k` and a number.
class sealed_cursor {
public:
    explicit sealed_cursor(std::string_view text) : text_(text) {}

    bool among_kept() const { return text_.starts_with('k'); }
    std::string_view user() const { return text_.empty() ? text_ : text_.substr(1); }
    std::int64_t number() const {
        std::int64_t number = 0;
        const auto digits = user();
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
        return number;
    }

private:
    std::string_view text_;
};

/// One page on its way. Filtered here and not in SQL, so that a page is never longer than its rows, however
/// few fit.
class sealed_page {
public:
    sealed_page(std::string_view prefix, std::uint32_t limit) : prefix_(prefix), limit_(limit) {}

    void add_newest(std::string user, std::uint64_t version, std::string sealed) {
        page_.next = "c" + user;
        add(std::move(user), version, std::move(sealed));
    }
    void add_kept(std::int64_t number, std::string user, std::uint64_t version, std::string sealed) {
        page_.next = "k" + std::to_string(number);
        add(std::move(user), version, std::move(sealed));
    }
    page_of<sealed_pair_record> end_of_newest() {
        if (seen_ < limit_) page_.next = "k0"; // numbers begin at 1
        return std::move(page_);
    }
    page_of<sealed_pair_record> end_of_kept() {
        if (seen_ < limit_) page_.next.clear();
        return std::move(page_);
    }

private:
    void add(std::string user, std::uint64_t version, std::string sealed) {
        ++seen_;
        if (!sealed.starts_with(prefix_)) return;
        page_.rows.push_back({user_id::trusted(std::move(user)), version, std::move(sealed)});
    }

    std::string_view prefix_;
    std::uint32_t limit_;
    std::uint32_t seen_ = 0;
    page_of<sealed_pair_record> page_;
};

} // namespace gateway::store
