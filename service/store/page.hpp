// One page of a list; `next` is empty at the end.
#pragma once
#include <string>
#include <vector>

namespace gateway::store {

template <class Record>
struct page_of {
    std::vector<Record> rows;
    std::string next;
};

} // namespace gateway::store
