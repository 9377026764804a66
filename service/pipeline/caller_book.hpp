// The callers of the settings with the hashes of their keys. A key itself is only stored with the connection
// that sent it (cached_api_key), and wiped with it. Built by the service at start and on SIGHUP; read-only,
// so all workers share one, and a call keeps the one it began with.
#pragma once
#include "base/clock.hpp"
#include "base/digest.hpp"
#include "base/fair_share.hpp"
#include "base/secret.hpp"
#include "limits/window.hpp"
#include "settings/settings.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::pipeline {

/// Each caller as a party that waits: the same one for a name over every SIGHUP, because waits of calls that
/// began before it name it. Bounded by the names that the settings ever had. Owned by the service, filled on
/// the main thread only.
class caller_parties {
public:
    explicit caller_parties(const shutdown_cutoff& calls_end) : calls_end_(calls_end) {}
    caller_parties(const caller_parties&) = delete;
    caller_parties& operator=(const caller_parties&) = delete;

    const waiting_party& of(const std::string& name);

private:
    const shutdown_cutoff& calls_end_;
    std::map<std::string, waiting_party> parties_;
};

class caller_book {
public:
    struct entry {
        const settings::caller* who;
        sha256_bytes key_hash;
        limits::window_rule quota;            // limit 0: none
        sharer shares;                        // of bounds that callers share
        const waiting_party* party = nullptr; // null: it shares with nobody
    };

    /// Throws std::invalid_argument for a key_sha256 that is not 64 hex characters (the settings' check
    /// reports that earlier and better). `parties`: for callers who share; they, and calls without a key,
    /// are parties of their own if there is more than one caller.
    explicit caller_book(std::vector<settings::caller> callers, caller_parties* parties = nullptr);
    caller_book(const caller_book&) = delete;
    caller_book& operator=(const caller_book&) = delete;

    /// Null if there is no such key. Compares with every hash in constant time, so that neither the position
    /// in the list nor a common prefix can be measured (docs/promises.md C28). Without callers in the
    /// settings every call is `anonymous()`.
    const entry* find(std::string_view key) const;
    /// The caller of that name; nothing if there is none. Without callers in the settings there is only
    /// `anonymous`.
    std::optional<settings::caller> named(std::string_view name) const;
    bool open() const { return entries_.empty(); }
    const entry& anonymous() const { return anonymous_; }
    std::size_t size() const { return entries_.size(); }

private:
    settings::caller anyone_;
    std::vector<settings::caller> callers_;
    std::vector<entry> entries_;
    entry anonymous_;
};

/// The last valid key of a connection and its caller: the next request usually has the same key, and needs no
/// hash then. Holds the book in which it was found, so it is not valid after SIGHUP. Owned by one session.
class cached_api_key {
public:
    const caller_book::entry* find(const std::shared_ptr<const caller_book>& book, std::string_view key);

private:
    std::shared_ptr<const caller_book> book_;
    secret key_;
    const caller_book::entry* whose_ = nullptr;
};

} // namespace gateway::pipeline
