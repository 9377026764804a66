// Kernel settings of the process, made before it reads a secret.
#pragma once

namespace gateway::app {

/// No core dumps, and other processes of the same user cannot read the memory (docs/promises.md P10); SIGPIPE
/// and SIGXFSZ are ignored: writing to a closed connection or to a file at its limit is a failed write
/// instead.
void harden_process();

} // namespace gateway::app
