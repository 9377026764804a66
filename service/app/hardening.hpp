// Settings of the process and its libraries, made before it reads a secret.
#pragma once

namespace gateway::app {

/// No core dumps, and other processes of the same user cannot read the memory (docs/promises.md P10); memory
/// that OpenSSL frees is wiped (G04); new files are its user's alone; SIGPIPE and SIGXFSZ are ignored:
/// writing to a closed connection or to a file at its limit is a failed write instead. Throws start_failure
/// if OpenSSL was used before.
void harden_process();

} // namespace gateway::app
