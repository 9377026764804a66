#include "idempotency/recovery.hpp"

#include "store/idempotency_keys.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace gateway::idempotency {
namespace {

constexpr std::uint32_t at_once = 100;

/// Sets status and answer as the call itself would have. `false`: the call had no effect.
bool answer_from_ledger(store::abandoned_key& one, std::span<const api::row> rows) {
    if (one.key.status != 0) return true; // set when the key was claimed, for a row that begins no post
    if (!one.post) return false;          // its row begins a post before anything is sent
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&one](const api::row& each) { return each.slug == one.post->action; });
    const bool known = row != rows.end() && row->recovers.from_post;
    const api::recovery by = known ? row->recovers : api::recovery{};
    std::optional<api::outcome> outcome =
        known ? by.from_post(*one.post, api::asked_of_ledger::after_crash)
              : failure(errc::outcome_unknown,
                        "The gateway ended in the middle of this call; it may have posted. Look at the "
                        "creator's account before you try again.")
                    .may_have_reached_tiktok();
    if (!outcome) return false;
    one.key.answer.clear();
    one.key.status = by.write(one.key.answer, *outcome, one.key.request_id);
    return true;
}

} // namespace

task<result<recovered_keys>> recover_keys(store::idempotency_keys& keys, std::span<const api::row> rows,
                                          deadline until) {
    recovered_keys counts;
    for (;;) {
        auto found = co_await keys.abandoned(at_once, until);
        if (!found) co_return found.error();
        if (found->empty()) co_return counts;
        for (auto& one : *found) {
            if (answer_from_ledger(one, rows)) {
                const auto finished = co_await keys.finish(std::move(one.key), until);
                if (!finished) co_return finished.error();
                ++counts.answered;
            } else {
                const auto forgotten = co_await keys.forget(std::move(one.key), until);
                if (!forgotten) co_return forgotten.error();
                ++counts.freed;
            }
        }
    }
}

void check_recovery(std::span<const api::row> rows) {
    for (const auto& row : rows) {
        if (row.recovers.from_post && !(row.replays && row.run.can_post()))
            throw std::logic_error(std::string(row.slug)
                                   + " recovers its keys from the ledger and begins no post in it");
    }
}

} // namespace gateway::idempotency
