// All pages of the count of sealed values.
#pragma once
#include "store/sealed.hpp"
#include "unit/runtime/run_on.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>

namespace gateway::testing {

inline std::uint64_t count_sealed(worker& loop, store::sealed& of, const std::string& mark) {
    std::uint64_t sum = 0;
    std::string cursor;
    do {
        auto page = run_on(loop, of.count_page(mark, cursor, soon()));
        if (!page) throw std::runtime_error(page.error().message());
        sum += page->count;
        cursor = page->next;
    } while (!cursor.empty());
    return sum;
}

} // namespace gateway::testing
