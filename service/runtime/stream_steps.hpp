// Reading from and writing to a stream in the waiting coroutine itself: stream::read_some and stream::write
// without the coroutine that each of them is, which costs half a thousand instructions a time. For the two or
// three places that every call passes:
//
//     stream_reading reading(from, space, until);
//     while (reading.more()) {
//         if (reading.owes()) {
//             co_await reading.pay();
//             continue;
//         }
//         const auto moved = co_await reading.step();
//         reading.took(moved);
//     }
//     … reading.result()
//
// The loop stands at each place: one function for it would be the coroutine again, which is read_some.
// Lives in the frame of who waits, and must be gone before the stream is. Needs Asio; for .cpp files only.
#pragma once
#include "runtime/straight.hpp"
#include "runtime/stream.hpp"
#include "runtime/stream_state.hpp"

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace gateway {

/// As stream::read_some.
class stream_reading {
public:
    stream_reading(stream& from, std::span<char> space, deadline until)
        : of_(*from.state_), space_(space), limit_(of_, until) {
        if (!of_.socket.is_open())
            end_with(make_error_code(stream_errc::closed));
        else if (limit_.passed)
            end_with(make_error_code(stream_errc::timed_out));
        of_.end_watch();
    }

    /// False: result() is there.
    bool more();
    /// Only while there is more. TLS has something to say first, which is rare: pay(), and ask again.
    bool owes() const { return of_.ssl && !of_.collected.empty(); }
    task<void> pay();
    auto step() {
        into_ = of_.ssl ? of_.received.space() : space_;
        return of_.socket.async_read_some(boost::asio::buffer(into_.data(), into_.size()), straight);
    }
    void took(const transferred& moved);
    const io_result<std::size_t>& result() const { return *result_; }

private:
    void end_with(io_result<std::size_t> what) { result_.emplace(what); }

    stream::state& of_;
    std::span<char> space_, into_;
    const stream::state::timing limit_;
    std::optional<io_result<std::size_t>> result_;
};

/// As stream::write.
class stream_writing {
public:
    stream_writing(stream& to, std::string_view bytes, deadline until)
        : of_(*to.state_), limit_(of_, until), left_(of_, bytes) {
        if (!of_.socket.is_open() || of_.write_broken)
            before_ = make_error_code(stream_errc::closed);
        else if (limit_.passed)
            before_ = make_error_code(stream_errc::timed_out);
        of_.end_watch();
    }

    bool more() { return !before_ && left_.more(); }
    auto step() { return of_.socket.async_write_some(left_.piece()[0], straight); }
    void took(const transferred& moved) { left_.sent(moved.ec, moved.bytes); }
    /// Nothing where all is sent.
    boost::system::error_code failure() const { return before_ ? before_ : left_.failure(); }

private:
    stream::state& of_;
    const stream::state::timing limit_;
    stream::state::outgoing left_;
    boost::system::error_code before_;
};

} // namespace gateway
