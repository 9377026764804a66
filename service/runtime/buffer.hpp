// A connection's read buffer: 1 KiB at first, grown on demand up to a bound, shrunk when the connection
// becomes idle (performance notes, "Memory"). What it held is wiped as soon as it is consumed, because it may
// be a key or a token. Owned by one connection; one thread.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace gateway {

class buffer {
public:
    explicit buffer(std::size_t max_bytes, std::size_t first_bytes = 1024)
        : first_bytes_(first_bytes), max_bytes_(max_bytes) {}
    ~buffer() { clear(); }
    buffer(const buffer&) = delete;
    buffer& operator=(const buffer&) = delete;

    /// The bytes received and not yet consumed. Valid until the next prepare() or shrink().
    std::string_view bytes() const { return {memory_.get() + begin_, end_ - begin_}; }
    std::span<char> mutable_bytes() { return {memory_.get() + begin_, end_ - begin_}; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }

    /// Space for the next read: at least one byte, or none when the bound is reached.
    std::span<char> prepare();
    void commit(std::size_t bytes) { end_ += bytes; }
    void consume(std::size_t bytes);
    void clear();
    /// Goes back to the first size if the buffer is empty.
    void shrink();
    /// Frees the memory. Call only when the buffer is empty.
    void release() {
        memory_.reset();
        capacity_ = begin_ = end_ = 0;
    }
    std::size_t capacity_bytes() const { return capacity_; }

private:
    void wipe(std::size_t from, std::size_t to);

    std::unique_ptr<char[]> memory_;
    std::size_t capacity_ = 0, begin_ = 0, end_ = 0;
    std::size_t first_bytes_;
    std::size_t max_bytes_;
};

} // namespace gateway
