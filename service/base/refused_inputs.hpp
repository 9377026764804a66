// The sentence of a refusal of inputs: it names each of them, with the reasons as far as a sentence can hold
// them; `fields` has all for programs. Pure.
#pragma once
#include "base/result.hpp"

#include <string>
#include <vector>

namespace gateway {

/// invalid_input with these faults, of which there is at least one.
failure refused_inputs(std::vector<field_fault> faults);

/// "The input title is refused: it must …." or "2 inputs are faulty: photo_images[3] (must …), title (must
/// …)." Faults without a reason are only counted (base/told_faults.hpp).
std::string sentence_of(const std::vector<field_fault>& faults);

} // namespace gateway
