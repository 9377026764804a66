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

} // namespace gateway::simulator
