// Operations of one statement: run inside an operation of several, or by run() (engine.hpp) as a whole unit.
// They take the statement by value, so that the caller may make it in a co_await expression.
#pragma once
#include "runtime/task.hpp"
#include "store/engine.hpp"
#include "store/statement.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace gateway::store {

/// The first row as a `Value`: a record, or the type of a single column.
template <class Value>
task<std::optional<Value>> first_of(transaction& at, statement ask) {
    auto found = co_await at.run(ask);
    std::optional<Value> out;
    if (Value first{}; found.next(first)) out = std::move(first);
    co_return out;
}

template <class Value>
task<std::vector<Value>> all_of(transaction& at, statement ask) {
    auto found = co_await at.run(ask);
    std::vector<Value> out;
    for (Value next{}; found.next(next);)
        out.push_back(std::move(next));
    co_return out;
}

/// The number in the only row; zero if there is none.
inline task<std::uint64_t> number_of(transaction& at, statement ask) {
    auto found = co_await at.run(ask);
    std::uint64_t number = 0;
    found.next(number);
    co_return number;
}

/// Whether the statement changed a row.
inline task<bool> changes_rows(transaction& at, statement what) {
    const auto done = co_await at.run(what);
    co_return done.changed() > 0;
}

inline task<void> execute(transaction& at, statement what) {
    co_await at.run(what);
}

} // namespace gateway::store
