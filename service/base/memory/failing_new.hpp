// Lets a test make one allocation of the running gateway fail (docs/promises.md P07): the test and the
// process map the same file, and the test writes into it which allocation, counted from then on. Only in
// builds with failpoints.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>

namespace gateway {

/// The content of the file.
struct allocation_fault {
    std::atomic<std::int64_t> left;   // the nth allocation from now on fails; 0: none
    std::atomic<std::int64_t> failed; // how many have failed
    std::atomic<std::int64_t> thrown; // how many of them were not served by the reserve
};

/// Maps the file, which must be as large as an allocation_fault. Gives what is wrong with it.
std::string arm_allocation_fault(const std::string& file);
/// For operator new (new_and_delete.cpp): throws if this allocation is the one, and the reserve is empty.
/// Only in builds with failpoints.
void fail_allocation_if_told();

} // namespace gateway
