// The calls of the control listener, one function each; control.cpp maps paths to them.
#pragma once
#include "control/control.hpp"

namespace gateway::simulator {

answer show_history(world& w, const request& in);    // GET    /history?account=
answer show_post(world& w, const request& in);       // GET    /history/posts/{publish_id}
answer show_secrets(world& w, const request& in);    // GET    /history/secrets
answer forget_requests(world& w, const request& in); // DELETE /history/requests
answer make_tokens(world& w, const request& in);     // POST   /tokens
answer expire_tokens(world& w, const request& in);   // POST   /tokens/expire
answer revoke_account(world& w, const request& in);  // POST   /tokens/revoke
answer move_post(world& w, const request& in);       // POST   /posts/{publish_id}/state
answer send_event(world& w, const request& in);      // POST   /webhooks
answer add_fault(world& w, const request& in);       // POST   /faults
answer list_faults(world& w, const request& in);     // GET    /faults
answer clear_faults(world& w, const request& in);    // DELETE /faults

} // namespace gateway::simulator
