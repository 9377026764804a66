// SHA-256 of bytes that come in pieces, and that can be gone back on: a chunk that is cut short never was.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace gateway::simulator {

class running_digest {
public:
    running_digest();
    ~running_digest();
    running_digest(const running_digest& other);
    running_digest& operator=(const running_digest& other);
    running_digest(running_digest&&) noexcept;
    running_digest& operator=(running_digest&&) noexcept;

    void update(std::string_view piece);
    /// Lower-case hex of what came so far; may be asked again after more came.
    std::string hex() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::simulator
