#include "idempotency/recovery.hpp"

#include "store/store.hpp"

#include <cstdint>
#include <utility>

namespace gateway::idempotency {
namespace {

constexpr std::uint32_t at_once = 100;

} // namespace

task<result<recovered_keys>> recover_keys(store::store& store, ledger_answer answer_from_ledger,
                                          deadline until) {
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

} // namespace gateway::idempotency
