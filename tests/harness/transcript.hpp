// All bytes that the clients of one test received; searched for secrets at the end of the test.
#pragma once
#include <mutex>
#include <string>
#include <string_view>

namespace harness {

class transcript {
public:
    void add(std::string_view bytes) {
        const std::lock_guard lock(mutex_);
        text_ += bytes;
    }
    std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }

private:
    mutable std::mutex mutex_;
    std::string text_;
};

} // namespace harness
