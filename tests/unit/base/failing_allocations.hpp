// Makes an allocation of this process fail (base/memory/failing_new.hpp). Only in builds with failpoints.
#pragma once
#include "base/memory/failing_new.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

namespace gateway::testing {

class failing_allocations {
public:
    failing_allocations() {
        char name[] = "/tmp/allocations-XXXXXX";
        const int descriptor = ::mkstemp(name);
        EXPECT_EQ(::ftruncate(descriptor, sizeof(allocation_fault)), 0);
        fault_ = static_cast<allocation_fault*>(
            ::mmap(nullptr, sizeof(allocation_fault), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
        ::close(descriptor);
        EXPECT_EQ(arm_allocation_fault(name), "");
        ::unlink(name);
    }
    /// It stays mapped, because operator new goes on to look at it.
    ~failing_allocations() { fault_->left.store(0); }
    failing_allocations(const failing_allocations&) = delete;
    failing_allocations& operator=(const failing_allocations&) = delete;

    /// The nth from now on, of any thread.
    void fail_nth(std::int64_t n) { fault_->left.store(n); }
    /// None any more. Whether there were fewer.
    bool stop() { return fault_->left.exchange(0) > 0; }
    std::int64_t failed() const { return fault_->failed.load(); }
    std::int64_t thrown() const { return fault_->thrown.load(); } // those that the reserve did not serve

private:
    allocation_fault* fault_;
};

} // namespace gateway::testing
