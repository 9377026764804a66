// The failures of a call that gets no slot of its window. Pure.
#pragma once
#include "base/result.hpp"
#include "limits/window.hpp"
#include "tiktok/endpoint.hpp"

namespace gateway::user_api {

failure window_is_full(tiktok::endpoint which, const limits::no_slot& refused);
/// The store, which has the shares of the replicas, does not answer.
failure limits_are_away(milliseconds wait);

} // namespace gateway::user_api
