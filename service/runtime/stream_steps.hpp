// Reading from and writing to a stream as one operation that the calling coroutine awaits directly:
// stream::read_some and stream::write without the coroutine of their own, which costs 500 instructions each
// time. For the places that every call passes:
//
//     stream_reading reading(from, space, until);
//     const auto arrived = co_await reading; // like stream::read_some
//
// Lives in the frame of the waiting coroutine, and must be destroyed before the stream. Needs Asio; for .cpp
// files only.
#pragma once
#include "base/memory/worker_memory.hpp"
#include "runtime/stream.hpp"
#include "runtime/stream_state.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/error.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

namespace gateway {

/// A loop of socket operations as one asynchronous operation in Asio's sense, which a task awaits (task.hpp).
/// Each operation starts directly in the step of the event loop that completed the one before, since all run
/// on the socket's own loop. With use_awaitable, Asio makes a coroutine of each, counts it as work of the
/// loop and sends its completion through the executor, which costs 600 instructions and two locked additions.
/// `Steps` has
/// - bool more(): whether something is to be done; else result() is there,
/// - void begin(handler): starts the next operation,
/// - void took(error_code, bytes): handles its result.
template <class Steps>
class stream_loop {
public:
    template <boost::asio::completion_token_for<void()> Token>
    auto operator()(Token&& token) && {
        return boost::asio::async_initiate<Token, void()>(
            [this]<class Handler>(Handler&& whole) {
                steps().begin(step_handler<std::decay_t<Handler>>{&steps(), std::forward<Handler>(whole)});
            },
            token);
    }

protected:
    template <class Handler>
    struct step_handler {
        using cancellation_slot_type = boost::asio::associated_cancellation_slot_t<Handler>;
        cancellation_slot_type get_cancellation_slot() const noexcept {
            return boost::asio::get_associated_cancellation_slot(whole);
        }
        using allocator_type = worker_allocator<void>;
        allocator_type get_allocator() const noexcept { return {}; }

        void operator()(boost::system::error_code ec, std::size_t bytes) {
            steps->took(ec, bytes);
            if (goes_on())
                steps->begin(std::move(*this));
            else
                std::move(whole)();
        }
        /// A task that was cancelled after an operation was complete and before this handler ran: there was
        /// nothing to end then, and Asio looks at it again only where the task begins its next wait.
        bool goes_on() {
            if (!steps->more()) return false;
            const auto cancelled = whole.get_cancellation_state().cancelled();
            if (cancelled == boost::asio::cancellation_type::none) return true;
            steps->took(boost::asio::error::operation_aborted, 0);
            return steps->more();
        }
        Steps* steps;
        Handler
            whole; // the coroutine's handler without its executor: called where the last operation completes
    };

private:
    Steps& steps() { return static_cast<Steps&>(*this); }
};

/// The rest of one write: plain, or encrypted in pieces of bounded size. With TLS, pending output of the
/// engine is sent before it, also where nothing is to be written. Awaited within a timing.
class stream_sending : public stream_loop<stream_sending> {
public:
    explicit stream_sending(stream::state& of, std::string_view first = {}, std::string_view second = {})
        : of_(of), first_(first), second_(second) {}

    bool more();
    template <class Handler>
    void begin(Handler&& handler) {
        if (pieces_[1].size() == 0)
            of_.socket.async_write_some(pieces_[0], std::forward<Handler>(handler));
        else
            of_.socket.async_write_some(pieces_, std::forward<Handler>(handler));
    }
    void took(boost::system::error_code ec, std::size_t bytes);
    /// Why sending stopped; none if everything was sent.
    boost::system::error_code result() const { return failure_; }

private:
    bool encrypt_next();
    bool broken(boost::system::error_code ec);

    stream::state& of_;
    std::string_view first_, second_; // not sent yet; with TLS: not encrypted yet
    std::size_t at_ = 0;              // bytes of `sending` that are sent
    std::array<boost::asio::const_buffer, 2> pieces_{};
    boost::system::error_code failure_;
};

/// Like stream::read_some.
class stream_reading : public stream_loop<stream_reading> {
public:
    stream_reading(stream& from, std::span<char> space, deadline until)
        : of_(*from.state_), space_(space), limit_(of_, until) {
        if (!of_.socket.is_open())
            end_with(make_error_code(stream_errc::closed));
        else if (limit_.passed)
            end_with(make_error_code(stream_errc::timed_out));
        of_.end_watch();
    }

    bool more();
    template <class Handler>
    void begin(Handler&& handler) {
        if (sending_) return sending_->begin(std::forward<Handler>(handler));
        into_ = of_.ssl ? of_.received.space() : space_;
        of_.socket.async_read_some(boost::asio::buffer(into_.data(), into_.size()),
                                   std::forward<Handler>(handler));
    }
    void took(boost::system::error_code ec, std::size_t bytes);
    const io_result<std::size_t>& result() const { return *result_; }

private:
    void end_with(io_result<std::size_t> what) { result_.emplace(what); }
    bool look();

    stream::state& of_;
    std::span<char> space_, into_;
    const stream::state::timing limit_;
    std::optional<stream_sending> sending_; // output of TLS to send first, which is rare
    std::optional<io_result<std::size_t>> result_;
};

/// Like stream::write.
class stream_writing : public stream_loop<stream_writing> {
public:
    /// The second text follows the first.
    stream_writing(stream& to, std::string_view first, std::string_view second, deadline until)
        : stream_writing(*to.state_, first, second, until) {
        to.state_->end_watch();
    }
    stream_writing(stream::state& to, std::string_view first, std::string_view second, deadline until)
        : limit_(to, until), left_(to, first, second) {
        if (!to.socket.is_open() || to.write_broken)
            before_ = make_error_code(stream_errc::closed);
        else if (limit_.passed)
            before_ = make_error_code(stream_errc::timed_out);
    }

    bool more() { return !before_ && left_.more(); }
    template <class Handler>
    void begin(Handler&& handler) {
        left_.begin(std::forward<Handler>(handler));
    }
    void took(boost::system::error_code ec, std::size_t bytes) { left_.took(ec, bytes); }
    /// None if everything was sent.
    boost::system::error_code result() const { return before_ ? before_ : left_.result(); }

private:
    const stream::state::timing limit_;
    stream_sending left_;
    boost::system::error_code before_;
};

} // namespace gateway
