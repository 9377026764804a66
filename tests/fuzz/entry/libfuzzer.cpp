// One libFuzzer program per target; GATEWAY_FUZZ_TARGET is its function.
#include "fuzz/targets.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    gateway::fuzz::GATEWAY_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}
