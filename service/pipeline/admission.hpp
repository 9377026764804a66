// The checks that need no waiting: the caller, permissions, deadline, and the kind of body. Each gives a
// failure or passes; pipeline.cpp has their order and the reasons. Pure except for the quota.
#pragma once
#include "api/row.hpp"
#include "base/clock.hpp"
#include "base/fair_share.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "http/media_type.hpp"
#include "limits/address_limiter.hpp"
#include "pipeline/caller_book.hpp"
#include "pipeline/request.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace gateway::telemetry {
struct call_record;
}

namespace gateway::pipeline {

/// unauthenticated, with the same text for every fault of the key (docs/code-rules.md §13).
result<const caller_book::entry*> identify(const std::shared_ptr<const caller_book>& book,
                                           const request& what);
/// The failure of a call without a valid key: `refusal`, or, if too many such calls came from its address,
/// rate_limited with limit_scope address.
failure refuse_unknown_key(limits::address_limiter& counts, const request& what, const failure& refusal);
/// forbidden.
result<void> may_do(const settings::caller& who, const api::row& what);
/// rate_limited, limit_scope caller. Gives the quota's state in both cases; nothing without callers.
result<std::optional<limits::quota_status>> take_quota(limits::window_table& quotas,
                                                       const caller_book::entry& who, steady_time now);
/// user_not_connected for a user outside the caller's `users`, with the same text as for one who does not
/// exist (C27); invalid_input for an invalid user_id.
result<void> may_act_for(const settings::caller& who, const request& what);
/// The failure for what does not exist; the same for what belongs to another caller (C27).
failure not_found(errc code);

/// A call's place among those in flight.
class place_in_flight {
public:
    place_in_flight() = default;
    place_in_flight(const place_in_flight&) = delete;
    place_in_flight& operator=(const place_in_flight&) = delete;
    ~place_in_flight() {
        if (in_) in_->give_back(by_, 1);
    }
    /// False: the caller has as many calls in flight as are its share.
    bool take(fair_share& in, sharer by) {
        if (!in.take(by, 1)) return false;
        in_ = &in;
        by_ = by;
        return true;
    }

private:
    fair_share* in_ = nullptr;
    sharer by_ = sharer::gateway;
};

struct admission_parts {
    std::shared_ptr<const caller_book> callers;
    limits::window_table& quotas; // shared by all workers, as are the next two; each caller's rule is given
                                  // with the call
    limits::address_limiter& unknown_keys;
    const caller_count& several;
    std::uint64_t calls_max;                           // in flight at this worker
    const std::atomic<bool>* store_is_there = nullptr; // set by the start, perhaps late; null: it is
};

/// The checks above, in their order: caller, permissions, quota, calls in flight, user. One per worker.
class admission {
public:
    explicit admission(const admission_parts& with)
        : callers_(with.callers),
          quotas_(with.quotas),
          unknown_keys_(with.unknown_keys),
          several_(with.several),
          in_flight_(with.calls_max, with.several),
          store_is_there_(with.store_is_there) {}

    const std::shared_ptr<const caller_book>& callers() const { return callers_; }
    void change_callers(std::shared_ptr<const caller_book> callers) { callers_ = std::move(callers); }
    /// The caller, of `book`, who may make this call; fills caller, caller_quota and user of the record.
    /// `place` lives as long as the call.
    result<const caller_book::entry*> admit(const std::shared_ptr<const caller_book>& book,
                                            const request& what, telemetry::call_record& record,
                                            place_in_flight& place);

private:
    std::shared_ptr<const caller_book> callers_;
    limits::window_table& quotas_;
    limits::address_limiter& unknown_keys_;
    const caller_count& several_;
    fair_share in_flight_;
    const std::atomic<bool>* const store_is_there_;
};

/// X-Request-Timeout: seconds, digits with at most three after the point. invalid_input.
result<std::optional<milliseconds>> parse_timeout_header(std::string_view seconds_text);
/// The deadline for a row, from the settings; `upload_bytes` if the size is already known.
milliseconds allowed_time(api::deadline_class deadline_class, std::uint64_t upload_bytes,
                          const settings::deadlines& from);

/// The deadline of a call. One per worker.
class call_times {
public:
    /// `no_party` is shared; the drain sets its cutoff.
    call_times(const settings::deadlines& allowed, const waiting_party& no_party)
        : allowed_(allowed), no_party_(no_party) {}

    /// `by`: null if the caller shares with nobody. `requested`: the caller's timeout, which can only
    /// shorten. `upload_bytes`: if the size is already known. `waits`: for news, as the caller asks.
    deadline until(const request& what, const waiting_party* by, std::optional<milliseconds> requested,
                   std::uint64_t upload_bytes, milliseconds waits = milliseconds{0}) const {
        const auto own =
            deadline::in(what.arrived, allowed_time(what.what->takes_time, upload_bytes, allowed_) + waits);
        return (requested ? own.no_later_than(deadline::in(what.arrived, *requested)) : own)
            .of_party(by ? *by : no_party_);
    }
    /// Whether the drain's deadline has passed.
    bool ended_by_drain(steady_time now) const { return now >= no_party_.last(); }

private:
    const settings::deadlines& allowed_;
    const waiting_party& no_party_;
};

/// Idempotency-Key: 1…255 visible ASCII characters. invalid_input.
result<void> check_key(const request& what);

/// How the body will be read.
enum class body_shape {
    none,
    json,
    multipart,
    raw,
    document,
    dropped,    // the row takes none: a small one is read and discarded
    nothing_due // accepted if it turns out to be empty, else unsupported_media_type
};
struct body_plan {
    body_shape shape = body_shape::none;
    http::media_type type; // views into the request
};
/// length_required, too_large, unsupported_media_type: from the head alone, before a byte is read (C13, C14).
/// Proxies send empty bodies as chunks; there the plan is to read until a byte or the end comes.
result<body_plan> plan_body(const request& what);
/// unsupported_media_type, with what the row takes.
failure wrong_type(const api::row& what);
/// The largest unwanted body that is read to keep the connection.
inline constexpr std::uint64_t dropped_bytes_max = 64 * 1024;

} // namespace gateway::pipeline
