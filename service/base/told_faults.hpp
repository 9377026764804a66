// How many of the faults of one call are told. failure::fields() cuts the list; whoever makes a long one may
// leave what is behind it empty. Pure.
#pragma once
#include <cstddef>

namespace gateway {

inline constexpr std::size_t told_faults_max = 20;

} // namespace gateway
