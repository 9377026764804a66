// What the process asks of the kernel before it touches a secret.
#pragma once

namespace gateway::app {

/// No core dump and no reading of our memory by others of the same user (docs/promises.md P10); SIGPIPE and
/// SIGXFSZ are ignored: a lost peer and a file at its limit are failed writes.
void harden_process();

} // namespace gateway::app
