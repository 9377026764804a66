#include "app/hardening.hpp"

#include "app/start_failure.hpp"

#include <openssl/crypto.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace gateway::app {
namespace {

void* take(std::size_t bytes, const char*, int) {
    return std::malloc(bytes);
}

void give(void* block, const char*, int) {
    if (block == nullptr) return;
    ::explicit_bzero(block, ::malloc_usable_size(block));
    std::free(block);
}

void* change_size(void* block, std::size_t bytes, const char* file, int line) {
    if (block == nullptr) return take(bytes, file, line);
    const std::size_t had = ::malloc_usable_size(block);
    if (bytes > 0 && bytes <= had) return block;
    void* const larger = bytes > 0 ? take(bytes, file, line) : nullptr;
    if (larger == nullptr && bytes > 0) return nullptr; // the block stays, as with realloc()
    if (larger != nullptr) std::memcpy(larger, block, had);
    give(block, file, line);
    return larger;
}

} // namespace

void harden_process() {
    // Before OpenSSL's first allocation: what it frees may be a key or decrypted bytes.
    if (CRYPTO_set_mem_functions(&take, &change_size, &give) != 1)
        throw start_failure(exit_failed, "OpenSSL has memory already, so what it frees would not be wiped");
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    umask(S_IRWXG | S_IRWXO); // whatever the shell's: what the process makes is its user's alone
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    // Raises the limit to the hard one; the soft limit is low because of select(), which is not used here.
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

} // namespace gateway::app
