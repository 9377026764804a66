// The drain after the first SIGTERM: reports not ready at once, accepts connections for drain.delay_ms,
// serves running calls until drain.deadline_ms; a second signal shortens both but never interrupts a token
// refresh.
#pragma once
#include "app/service.hpp"
#include "app/signals.hpp"
#include "settings/settings.hpp"

namespace gateway::app {

void drain(service& of, const settings::drain& settings, signals& from);

} // namespace gateway::app
