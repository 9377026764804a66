// Loaded into a program under test (LD_PRELOAD): whoever connects to the socket named by MEMORY_IMAGE gets
// all memory of the process that is not zero and can hold data. The program forbids others to read its memory
// (PR_SET_DUMPABLE), which also holds for a parent without privileges, so it is read from inside.
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

namespace {

constexpr std::size_t page_bytes = 4096;

/// Where a page is copied to before it is sent: apart from everything else, so that it is not searched
/// itself.
char* page_copy = nullptr;

bool send_all(int to, const char* bytes, std::size_t count) {
    while (count > 0) {
        const auto sent = send(to, bytes, count, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes += sent;
        count -= static_cast<std::size_t>(sent);
    }
    return true;
}

/// By the kernel, so that a page that has just been unmapped is an error and no crash.
bool copy_page(std::uintptr_t from) {
    iovec here{page_copy, page_bytes};
    iovec there{reinterpret_cast<void*>(from), page_bytes}; // NOLINT(performance-no-int-to-ptr)
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == static_cast<ssize_t>(page_bytes);
}

bool is_zero_page() {
    return page_copy[0] == '\0' && std::memcmp(page_copy, page_copy + 1, page_bytes - 1) == 0;
}

void send_range(int to, std::uintptr_t begin, std::uintptr_t end) {
    bool apart = true; // what was sent last does not lie before this page
    for (auto at = begin; at < end; at += page_bytes) {
        if (at == reinterpret_cast<std::uintptr_t>(page_copy) || !copy_page(at) || is_zero_page()) {
            apart = true;
            continue;
        }
        if (apart && !send_all(to, "", 1)) return;
        if (!send_all(to, page_copy, page_bytes)) return;
        apart = false;
    }
}

/// Readable, and not the unchanged contents of a file.
void send_image(int to) {
    FILE* const maps = std::fopen("/proc/self/maps", "r");
    char line[512];
    while (maps != nullptr && std::fgets(line, sizeof line, maps) != nullptr) {
        unsigned long begin = 0, end = 0, inode = 0;
        char may[8] = {};
        if (std::sscanf(line, "%lx-%lx %7s %*s %*s %lu", &begin, &end, may, &inode) != 4) continue;
        if (may[0] == 'r' && (may[1] == 'w' || inode == 0)) send_range(to, begin, end);
    }
    if (maps != nullptr) std::fclose(maps);
}

void* serve(void* listener) {
    const int socket_handle = static_cast<int>(reinterpret_cast<std::intptr_t>(listener));
    for (;;) {
        const int asked = accept4(socket_handle, nullptr, nullptr, SOCK_CLOEXEC);
        if (asked < 0) continue;
        send_image(asked);
        close(asked);
    }
}

__attribute__((constructor)) void listen_for_requests() {
    const char* const path = std::getenv("MEMORY_IMAGE");
    sockaddr_un at{};
    if (path == nullptr || std::strlen(path) >= sizeof at.sun_path) return;
    at.sun_family = AF_UNIX;
    std::strcpy(at.sun_path, path);
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    void* const memory =
        mmap(nullptr, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || listen(listener, 4) != 0
        || memory == MAP_FAILED)
        return;
    page_copy = static_cast<char*>(memory);
    // The program's signals are for its own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread{};
    pthread_create(&thread, nullptr, &serve, reinterpret_cast<void*>(static_cast<std::intptr_t>(listener)));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

} // namespace
