// The end of the service after the first SIGTERM: not ready at once, doors open for drain.delay_ms, work in
// flight until drain.deadline_ms; a second signal shortens both but never cuts a token refresh.
#pragma once
#include "app/service.hpp"
#include "app/signals.hpp"
#include "settings/settings.hpp"

namespace gateway::app {

void drain(service& of, const settings::drain& settings, signals& from);

} // namespace gateway::app
