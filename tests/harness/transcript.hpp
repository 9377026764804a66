// What programs under test have sent us, from all clients of one test; searched for secrets at its end.
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
