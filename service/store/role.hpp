// What the roles of the store have in common. A role has the records and the SQL of one kind of data; code
// takes the roles that it uses. Shared by all workers; any thread. A call suspends the coroutine, never the
// thread, and fails only with vault_unavailable or deadline_exceeded; absence is a value.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "runtime/task.hpp"

#include <string>
#include <vector>

namespace gateway::store {

class engine;
class transaction;

class role {
public:
    explicit role(engine& on) : engine_(on) {}

protected:
    engine& engine_;
};

/// One page of a list; `next` is empty at the end.
template <class Record>
struct page_of {
    std::vector<Record> rows;
    std::string next;
};

} // namespace gateway::store
