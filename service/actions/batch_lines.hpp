// The progress of a batch, as lines of JSON that are sent while it runs (docs/contract.md §12): one for each
// step of a file. They are written by the lanes of the batch and sent by a coroutine of their own, so a
// client that reads slowly, or is gone, delays no upload. Lives in the frame of the call; one thread.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "runtime/task.hpp"
#include "user_api/upload_observer.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace gateway {
class waiter;
}
namespace gateway::api {
class live_answer;
}

namespace gateway::actions {

inline constexpr std::string_view lines_type = "application/x-ndjson";

class batch_lines {
public:
    explicit batch_lines(api::live_answer& to) : to_(to) {}

    /// One file; hears of its bytes. Lives as long as its upload.
    class file final : public user_api::upload_observer {
    public:
        file(batch_lines& in, std::size_t index, std::string name)
            : in_(in), index_(index), name_(std::move(name)) {}

        /// `waiting` or `init`.
        void step(std::string_view step);
        /// `result`: one of the answer's `results[]`.
        void ended(std::string_view result);
        void bytes_sent(const publish_id& post, std::uint64_t sent, std::uint64_t size) override;
        void chunk_taken(const publish_id& post, std::uint64_t sent, std::uint64_t size) override;

    private:
        void say_bytes(std::string_view step, const publish_id& post, std::uint64_t sent, std::uint64_t size);

        batch_lines& in_;
        const std::size_t index_;
        const std::string name_;
        steady_time told_bytes_at_{};
    };
    file& add(std::size_t index, std::string name) {
        return files_.emplace_back(*this, index, std::move(name));
    }

    /// Sends what is said, until the end and the last line.
    task<void> send_all();
    /// No line follows.
    void end();

private:
    void say(std::string line, bool may_be_dropped);

    api::live_answer& to_;
    std::deque<file> files_; // each keeps its address
    std::string unsent_;
    waiter* idle_ = nullptr; // in the frame of send_all()
    bool ended_ = false;
};

} // namespace gateway::actions
