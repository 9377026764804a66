#include "idempotency/key_claim.hpp"

#include "base/failpoint.hpp"
#include "http/status_path.hpp"

#include <utility>

namespace gateway::idempotency {

key_claim::key_claim(store::idempotency_keys& keys, caller_name caller, std::string key,
                     std::string fingerprint, std::string request_id)
    : keys_(keys) {
    ours_.caller = std::move(caller);
    ours_.key = std::move(key);
    ours_.fingerprint = std::move(fingerprint);
    ours_.request_id = std::move(request_id);
}

void key_claim::answer_after_crash(int status, std::string answer) {
    ours_.status = status;
    ours_.answer = std::move(answer);
}

task<result<std::optional<store::idempotency_record>>> key_claim::take(wall_time now, deadline until) {
    ours_.created_at = now;
    ours_.expires_at = now + first_answer_lifetime;
    ours_.claim = new_ulid(now);
    auto found = co_await keys_.claim(ours_, now, until);
    if (!found) co_return found.error();
    if (!*found) failpoint("key.claimed");
    co_return co_await judge(std::move(*found), until);
}

task<result<std::optional<store::idempotency_record>>> key_claim::look(wall_time now, deadline until) {
    auto found = co_await keys_.find(ours_.caller, ours_.key, now, until);
    if (!found) co_return found.error();
    co_return co_await judge(std::move(*found), until);
}

task<key_claim::found_record> key_claim::judge(std::optional<store::idempotency_record> found,
                                               deadline until) {
    if (!found) co_return found;
    if (found->fingerprint != ours_.fingerprint)
        co_return failure{
            errc::idempotency_key_reused,
            "This Idempotency-Key was used with other inputs. To repeat that request send the very same ones "
            "(a file_id is one of them); a new key makes a new post."};
    if (found->finished) co_return found;
    auto running =
        failure{errc::in_progress, "A call with this Idempotency-Key is still running; ask again soon."}
            .retry_after(seconds{1});
    const auto post = co_await keys_.post_of(std::move(*found), until);
    if (!post || !*post || (*post)->id.empty()) co_return running;
    co_return std::move(running).post((*post)->id.text(), http::status_path_of((*post)->user, (*post)->id));
}

task<result<void>> key_claim::finish(int status, std::string answer, deadline until) {
    ours_.finished = true;
    ours_.status = status;
    ours_.answer = std::move(answer);
    failpoint("key.to_be_finished");
    auto done = co_await keys_.finish(ours_, until);
    failpoint("key.finished");
    co_return done;
}

void key_claim::finish_later(int status, std::string answer) {
    ours_.finished = true;
    ours_.status = status;
    ours_.answer = std::move(answer);
    keys_.finish_later(ours_);
}

task<result<void>> key_claim::release(deadline until) {
    return keys_.forget(ours_, until);
}

} // namespace gateway::idempotency
