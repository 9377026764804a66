// One request in an endpoint, and the formats of TikTok's answers (docs/tiktok-wire.md §8.1).
#pragma once
#include "endpoints/request.hpp"
#include "state/world.hpp"

namespace gateway::simulator {

struct call {
    world& w;
    const request& in;
    request_record& record; // filled in by the endpoint
};

/// {"data":{…},"error":{"code":"ok","message":"","log_id":"…"}}; without data where there is none (cancel).
answer succeed(call& c, boost::json::object data);
answer succeed_without_data(call& c);
/// {"data":{},"error":{code,message,log_id}}; without data when W8 says so.
answer refuse(call& c, int status, std::string_view code, std::string_view message);
/// 400 `invalid_params`, or its singular on posting endpoints when W22 says so.
answer refuse_params(call& c, std::string_view message);
answer refuse_post_params(call& c, std::string_view message);
answer refuse_rate(call& c, milliseconds wait);
answer refuse_token(call& c);
answer refuse_scope(call& c);
/// The API host's answer to an unknown path, also one without its last slash, or to a wrong method.
answer not_found();

/// The flat shape of the OAuth endpoints (docs/tiktok-wire.md §1.4, W6).
answer refuse_oauth(call& c, std::string_view error, std::string_view description);

/// Finds the consent of `Authorization: Bearer …` and notes it in the record; null: refuse_token.
const grant* authenticate(call& c);
bool has_scope(const grant& consent, std::string_view scope);

} // namespace gateway::simulator
