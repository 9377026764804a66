#include "base/refused_inputs.hpp"

#include "base/told_faults.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace gateway {
namespace {

constexpr std::size_t sentence_bytes_max = 400; // beyond it inputs are named without a reason

std::string_view name_of(const field_fault& fault) {
    return fault.field.empty() ? std::string_view{"one with a long name"} : fault.field;
}

/// How many inputs have a fault; an input may have several.
std::size_t count_inputs(const std::vector<field_fault>& faults) {
    std::size_t count = 0;
    for (auto at = faults.begin(); at != faults.end(); ++at) {
        const bool told = !at->reason.empty();
        const bool again = told && std::any_of(faults.begin(), at, [&](const field_fault& earlier) {
                               return earlier.field == at->field && !at->field.empty();
                           });
        if (!again) ++count;
    }
    return count;
}

} // namespace

std::string sentence_of(const std::vector<field_fault>& faults) {
    const auto count = count_inputs(faults);
    if (faults.size() == 1)
        return "The input " + std::string(name_of(faults.front())) + " is refused: it "
               + faults.front().reason + ".";
    std::string out = std::to_string(count) + (count == 1 ? " input is faulty: " : " inputs are faulty: ");
    const auto told = std::min(faults.size(), told_faults_max);
    for (std::size_t i = 0; i < told; ++i) {
        const auto& fault = faults[i];
        if (fault.reason.empty()) break; // only counted
        if (i != 0) out += ", ";
        out += name_of(fault);
        if (out.size() + fault.reason.size() <= sentence_bytes_max)
            out.append(" (").append(fault.reason).append(")");
    }
    return out + ".";
}

failure refused_inputs(std::vector<field_fault> faults) {
    auto sentence = sentence_of(faults);
    return failure{errc::invalid_input, std::move(sentence)}.fields(std::move(faults));
}

} // namespace gateway
