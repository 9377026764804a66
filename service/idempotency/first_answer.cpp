#include "idempotency/first_answer.hpp"

#include "base/failpoint.hpp"

#include <utility>

namespace gateway::idempotency {
namespace {

constexpr char part_mark = '\x1f';

} // namespace

first_answer::first_answer(store::store& records, caller_name caller, std::string key,
                           std::string fingerprint, std::string request_id)
    : records_(records) {
    ours_.caller = std::move(caller);
    ours_.key = std::move(key);
    ours_.fingerprint = std::move(fingerprint);
    ours_.request_id = std::move(request_id);
}

task<result<std::optional<store::idempotency_record>>> first_answer::claim(wall_time now, deadline until) {
    ours_.created_at = now;
    ours_.expires_at = now + first_answer_lifetime;
    ours_.claim = new_ulid(now);
    auto found = co_await records_.claim_key(ours_, now, until);
    if (!found) co_return found.error();
    if (!*found) {
        failpoint("key.claimed");
        co_return std::optional<store::idempotency_record>{};
    }
    if ((*found)->fingerprint != ours_.fingerprint)
        co_return failure{errc::idempotency_key_reused, "This Idempotency-Key was used for another request."};
    if (!(*found)->finished)
        co_return failure{errc::in_progress,
                          "A call with this Idempotency-Key is still running; ask again soon."}
            .retry_after(seconds{1});
    co_return std::move(*found);
}

task<result<store::done>> first_answer::remember(int status, std::string answer, deadline until) {
    ours_.finished = true;
    ours_.status = status;
    ours_.answer = std::move(answer);
    failpoint("key.to_be_finished");
    auto done = co_await records_.finish_key(ours_, until);
    failpoint("key.finished");
    co_return done;
}

task<result<store::done>> first_answer::forget(deadline until) {
    return records_.forget_key(ours_, until);
}

std::string key_of_part(std::string_view key, std::size_t index) {
    return std::string(key) + part_mark + std::to_string(index);
}

bool is_key_of_part(std::string_view key) {
    return key.find(part_mark) != std::string_view::npos;
}

bool must_be_remembered(const failure& why) {
    return why.code() == errc::outcome_unknown || (why.details() && why.details()->may_have_reached_tiktok);
}

} // namespace gateway::idempotency
