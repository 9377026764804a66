// What became of a staged file on the disk that this service did not do: counted, and reported to the
// operator. Owned by the store of files; any thread.
#pragma once
#include "base/ids.hpp"
#include "base/result.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace gateway::files {

class damage_log {
public:
    using reporter = std::function<void(const file_id& file, std::string_view what)>;

    explicit damage_log(reporter report) : report_(std::move(report)) {}

    /// The failure for the call that met it: a fault of ours, not of the caller.
    failure note(const file_id& file, std::string_view what) {
        count_.fetch_add(1, std::memory_order_relaxed);
        if (report_) report_(file, what);
        return {errc::internal,
                "The gateway's disk has lost or changed this file since it was stored, so it was "
                "not sent. Stage it again."};
    }
    std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

private:
    const reporter report_;
    std::atomic<std::uint64_t> count_{0};
};

} // namespace gateway::files
