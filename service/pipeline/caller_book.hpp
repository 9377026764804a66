// Who may call: the callers of the settings with the hashes of their keys. A key itself is only with the
// connection that showed it (shown_key), and wiped with it. Built
// by main at start and on SIGHUP; read-only, so every worker shares one, and a call keeps the one it began
// with.
#pragma once
#include "base/digest.hpp"
#include "base/secret.hpp"
#include "limits/window.hpp"
#include "settings/settings.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace gateway::pipeline {

class caller_book {
public:
    struct entry {
        const settings::caller* who;
        sha256_bytes key_hash;
        limits::window_rule quota; // limit 0: none
    };

    /// Throws std::invalid_argument for a key_sha256 that is not 64 hex characters (the settings' check says
    /// it better and earlier).
    explicit caller_book(std::vector<settings::caller> callers);
    caller_book(const caller_book&) = delete;
    caller_book& operator=(const caller_book&) = delete;

    /// Null: no such key. Compares with every hash in constant time, so that neither the place in the list
    /// nor a common beginning shows (docs/promises.md C28). Without callers in the settings everybody is
    /// `anonymous()`.
    const entry* find(std::string_view key) const;
    bool open() const { return entries_.empty(); }
    const entry& anonymous() const { return anonymous_; }

private:
    settings::caller anyone_;
    std::vector<settings::caller> callers_;
    std::vector<entry> entries_;
    entry anonymous_;
};

/// The key that a connection has shown, and whose it is: the next request mostly shows the same one, and no
/// hash is taken then. Holds the book it was found in, so SIGHUP ends it. One session's.
class shown_key {
public:
    const caller_book::entry* find(const std::shared_ptr<const caller_book>& book, std::string_view key);

private:
    std::shared_ptr<const caller_book> book_;
    secret key_;
    const caller_book::entry* whose_ = nullptr;
};

} // namespace gateway::pipeline
