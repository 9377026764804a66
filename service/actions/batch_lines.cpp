#include "actions/batch_lines.hpp"

#include "api/live_answer.hpp"
#include "base/json/values.hpp"
#include "runtime/waiter.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <utility>

namespace gateway::actions {
namespace json = boost::json;
namespace {

constexpr milliseconds between_bytes{250};
/// While more than this waits for a slow client, lines about bytes are left out: a later one says more.
constexpr std::size_t unsent_max = 64 * 1024;

} // namespace

void batch_lines::file::step(std::string_view step) {
    in_.say(serialize_json(json::object{{"index", index_}, {"file_name", name_}, {"step", step}}), false);
}

void batch_lines::file::say_bytes(std::string_view step, const publish_id& post, std::uint64_t sent,
                                  std::uint64_t size) {
    in_.say(serialize_json(json::object{{"index", index_},
                                        {"file_name", name_},
                                        {"step", step},
                                        {"bytes_sent", sent},
                                        {"size", size},
                                        {"publish_id", post.text()}}),
            true);
}

/// At most four a second; the last byte of a chunk is told with the chunk.
void batch_lines::file::bytes_sent(const publish_id& post, std::uint64_t sent, std::uint64_t size) {
    const auto now = steady_now();
    if (now - told_bytes_at_ < between_bytes) return;
    told_bytes_at_ = now;
    say_bytes("bytes", post, sent, size);
}

void batch_lines::file::chunk_taken(const publish_id& post, std::uint64_t sent, std::uint64_t size) {
    say_bytes("chunk", post, sent, size);
}

void batch_lines::file::ended(std::string_view result) {
    const auto told = json::parse(result).as_object();
    const auto* const well = told.if_contains("successful");
    const bool is_done = well && well->is_bool() && well->get_bool();
    json::object line{{"index", index_}, {"file_name", name_}, {"step", is_done ? "done" : "failed"}};
    for (const char* name : {"publish_id", "problem"})
        if (const auto* const value = told.if_contains(name); value && !value->is_null()) line[name] = *value;
    in_.say(serialize_json(line), false);
}

void batch_lines::say(std::string line, bool may_be_dropped) {
    if (may_be_dropped && unsent_.size() > unsent_max) return;
    unsent_.append(line) += '\n';
    if (idle_) idle_->wake();
}

void batch_lines::end() {
    ended_ = true;
    if (idle_) idle_->wake();
}

/// A client that is gone is told nothing more, and the batch goes on.
task<void> batch_lines::send_all() {
    bool is_heard = co_await to_.begin(lines_type);
    while (!ended_ || !unsent_.empty()) {
        if (unsent_.empty()) {
            const executor_type home = co_await boost::asio::this_coro::executor;
            waiter idle(home, deadline{steady_time::max()});
            struct registration {
                waiter*& place;
                ~registration() { place = nullptr; }
            };
            idle_ = &idle;
            const registration mine{idle_};
            (void)co_await idle.wait();
        }
        const auto piece = std::exchange(unsent_, {});
        if (is_heard && !piece.empty()) is_heard = co_await to_.send(piece);
    }
}

} // namespace gateway::actions
