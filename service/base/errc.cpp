#include "base/errc.hpp"

#include <cstddef>
#include <iterator>

namespace gateway {
namespace {
constexpr error_facts rows[] = {
#define GATEWAY_ERROR(number, name, retryable, when) {errc::name, #name, retryable, when},
    GATEWAY_ERRORS(GATEWAY_ERROR)
#undef GATEWAY_ERROR
};
} // namespace

const error_facts& facts(errc code) {
    for (const auto& row : rows)
        if (row.code == code) return row;
    return facts(errc::internal);
}

error_table all_errors() {
    return {rows, std::size(rows)};
}

} // namespace gateway
