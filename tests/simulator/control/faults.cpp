// Faults by request.
#include "control/calls.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

namespace gateway::simulator {

answer add_fault(world& w, const request& in) {
    const auto body = control_body(in);
    if (!body) return control_error("the body must be a JSON object");
    const auto added = w.faults.add(*body);
    return added.wrong.empty() ? json_answer({{"id", added.id}}) : control_error(added.wrong);
}

answer list_faults(world& w, const request&) {
    return json_answer({{"faults", w.faults.list()}});
}

answer clear_faults(world& w, const request&) {
    w.faults.clear();
    return json_answer({{"ok", true}});
}

} // namespace gateway::simulator
