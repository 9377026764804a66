// Replicas of one window on a real database: what each asks the store, its windows, and what it hears.
#pragma once
#include "limits/window.hpp"
#include "postgresql/shared_server.hpp"
#include "windows/shared_windows.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace gateway::testing {

inline const store::window_name window{"ann", 3};

inline store::window_use use_of(std::uint32_t used, std::vector<store::slots_free> frees = {}) {
    static std::int64_t turn = 0;
    return {window, used, std::move(frees), ++turn};
}

/// For slots of a window of six; the others are asked if not all are granted.
inline store::window_request request_for(std::uint32_t wanted, std::uint32_t used = 0,
                                         std::vector<store::slots_free> frees = {}) {
    store::window_request out;
    out.use = use_of(used, std::move(frees));
    out.wanted = out.needed = wanted;
    out.limit = 6;
    return out;
}

class wanted_ear final : public store::change_listener {
public:
    explicit wanted_ear(store::store& at) : at_(at) { at_.on().listen(*this); }
    ~wanted_ear() override { at_.on().stop_listening(*this); }
    void changed(const store::change& what) override {
        if (what.what == store::change::kind::connection) return;
        const std::lock_guard lock(mutex_);
        heard_ = what.window().key + "/" + std::to_string(what.window().kind);
        if (what.what == store::change::kind::window_closed) heard_ += " closed";
    }
    void feed_connected(bool is) override { touch = is; }
    std::string heard() const {
        const std::lock_guard lock(mutex_);
        return heard_;
    }
    std::atomic<bool> touch{false};

private:
    store::store& at_;
    mutable std::mutex mutex_;
    std::string heard_;
};

/// One replica with its store, windows and share.
struct replica {
    replica(worker& home, std::unique_ptr<store::store> opened)
        : at(std::move(opened)), windows(home, at->on(), at->windows, table) {}
    /// A slot, whose call is answered at once, or why there is none.
    windows::shared_windows::taken take_or_not(worker& loop, const std::string& key = "ann") {
        auto got = windows.take(key, 3, steady_now(), soon());
        if (std::holds_alternative<windows::must_ask>(got)) got = run_on(loop, windows.ask(key, 3, soon()));
        if (auto* slot = std::get_if<limits::permit>(&got)) told = slot->settle(steady_now());
        return got;
    }
    bool take(worker& loop, const std::string& key = "ann") {
        return std::holds_alternative<limits::permit>(take_or_not(loop, key));
    }
    /// What a caller is told who gets none.
    milliseconds wait(worker& loop, const std::string& key = "ann") {
        const auto got = take_or_not(loop, key);
        const auto* const none = std::get_if<limits::no_slot>(&got);
        return none ? none->wait : milliseconds{0};
    }
    /// Longer than its own slots could make it.
    bool is_closed(const std::string& key = "ann") const {
        return table.closed_for(key, 3, steady_now()) > milliseconds{0};
    }
    std::unique_ptr<store::store> at;
    limits::window_table table{std::vector<limits::window_rule>(4, {6, milliseconds{60'000}})};
    windows::shared_windows windows;
    limits::quota_status told; // by the last slot
};

} // namespace gateway::testing
