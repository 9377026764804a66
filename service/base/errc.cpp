#include "base/errc.hpp"

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

std::span<const error_facts> all_errors() {
    return rows;
}

} // namespace gateway
