#include "pipeline/recovery.hpp"

#include "actions/ledger_answer.hpp"
#include "pipeline/pipeline.hpp"
#include "store/store.hpp"

#include <optional>
#include <string>
#include <utility>

namespace gateway::pipeline {
namespace {

constexpr std::uint32_t at_once = 100;

/// Fills status and answer as the call itself would have. `false`: nothing came of the call.
bool answer_from_ledger(store::abandoned_key& one) {
    if (!one.post) return false; // it began nothing (or was a batch, whose files have keys of their own)
    auto told = actions::answer_from_ledger(*one.post);
    if (!told) return false;
    auto& key = one.key;
    if (actions::is_key_of_file(key.key)) {
        const result<publish_id> of_file = *told ? result<publish_id>(one.post->id) : told->error();
        key.status = *told ? 200 : http_status(told->error().code());
        key.answer = actions::file_outcome_json(of_file, key.request_id);
        return true;
    }
    const outcome what = *told ? outcome(std::move(**told)) : outcome(told->error());
    key.status = write_envelope(key.answer, what, key.request_id);
    return true;
}

} // namespace

task<result<recovered_keys>> recover_keys(store::store& store, deadline until) {
    recovered_keys counts;
    for (;;) {
        auto found = co_await store.abandoned_keys(at_once, until);
        if (!found) co_return found.error();
        if (found->empty()) co_return counts;
        for (auto& one : *found) {
            if (answer_from_ledger(one)) {
                const auto finished = co_await store.finish_key(std::move(one.key), until);
                if (!finished) co_return finished.error();
                ++counts.answered;
            } else {
                const auto forgotten = co_await store.forget_key(std::move(one.key), until);
                if (!forgotten) co_return forgotten.error();
                ++counts.freed;
            }
        }
    }
}

} // namespace gateway::pipeline
