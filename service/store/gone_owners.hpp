// Whose unfinished rows are left by crashed processes. Private to store/.
#pragma once
#include "runtime/task.hpp"
#include "store/engine.hpp"
#include "store/statement.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace gateway::store {

/// Owners that do not run any more, the one with the oldest row first. `next_owner` asks for the first owner
/// at or after $1 and for the age of its oldest row, from an index of unfinished rows that begins with the
/// owner; so the rows of running processes, which may be many, are not read.
template <class Age, std::size_t Size>
task<std::vector<std::string>> gone_owners(transaction& at, const char (&next_owner)[Size]) {
    std::vector<std::pair<Age, std::string>> gone;
    std::string from;
    while (true) {
        const statement ask(next_owner, from);
        auto found = co_await at.run(ask);
        std::pair<Age, std::string> one;
        if (!found.next(one.second, one.first)) break;
        from = one.second + '\x01'; // sorts before every other owner that comes later
        const statement look("SELECT owner FROM store_instances WHERE owner = $1 AND alive_until > now_ms()",
                             one.second);
        auto running = co_await at.run(look);
        if (!running.next()) gone.push_back(std::move(one));
    }
    std::sort(gone.begin(), gone.end());
    std::vector<std::string> out;
    for (auto& each : gone)
        out.push_back(std::move(each.second));
    co_return out;
}

} // namespace gateway::store
