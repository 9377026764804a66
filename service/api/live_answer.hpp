// An answer that is sent piece by piece while its call runs: events, and the progress of a batch. Owned by
// the session, for one request; the worker's thread.
#pragma once
#include "base/clock.hpp"
#include "runtime/task.hpp"

#include <algorithm>
#include <string_view>

namespace gateway::api {

/// A call that waits for long looks so often whether its client is still there: nothing else would show it.
inline constexpr seconds client_looked_at_every{5};

/// When a call that waits until then looks next. A plain time, because a deadline that can be cut is looked
/// at four times a second, by thousands; the drain wakes all who wait for news of posts.
inline deadline next_look_at_client(deadline until) {
    return deadline{std::min(steady_now() + client_looked_at_every, until.at())};
}

class live_answer {
public:
    virtual ~live_answer() = default;

    /// Whether the client has named this media type in Accept, and not refused it. In lower case.
    virtual bool accepts(std::string_view media_type) const = 0;
    /// The field of that name; empty if there is none.
    virtual std::string_view last_event_id() const = 0;

    /// The client has closed its side of the connection: it has left, or only says that it sends no more.
    virtual bool client_has_closed() const = 0;

    /// Sends the head: 200, with this type. Until then the call can still be answered as usual. `false` here
    /// and below: the client is gone, or reads too slowly; nothing more can be sent.
    virtual task<bool> begin(std::string_view content_type) = 0;
    virtual task<bool> send(std::string_view piece) = 0;
};

} // namespace gateway::api
