#include "actions/table.hpp"

#include "actions/rows.hpp"

#include <vector>

namespace gateway::actions {

std::span<const row> table() {
#define GATEWAY_ROW(name) name##_row(),
    static const std::vector<row> rows{GATEWAY_ACTIONS(GATEWAY_ROW)};
#undef GATEWAY_ROW
    return rows;
}

} // namespace gateway::actions
