#include "endpoints/endpoints.hpp"

namespace gateway::simulator {

answer route(call& c) {
    for (const endpoint_row& one : endpoints) {
        if (one.path != c.in.path || one.method != c.in.method) continue;
        if (!one.secret) {
            c.record.query = c.in.query;
            c.record.body = c.in.body;
        }
        return one.handle(c);
    }
    return not_found(); // a wrong method is answered like an unknown path
}

void note_arrival(world& w, const request_record& came) {
    if (came.account.empty()) return;
    for (const endpoint_row& one : endpoints) {
        if (!one.limit || one.path != came.path || one.method != came.method) continue;
        w.came.note(came.path, came.account, w.config.limits.*one.limit,
                    milliseconds{w.config.limits.window_ms}, w.now());
    }
}

} // namespace gateway::simulator
