// SHA-256 of bytes that arrive in pieces. Can be reset to an earlier state, because an incomplete chunk does
// not count.
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
    /// Lower-case hex of the digest so far; more bytes may follow.
    std::string hex() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace gateway::simulator
