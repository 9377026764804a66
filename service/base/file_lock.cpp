#include "base/file_lock.hpp"

#include <cerrno>
#include <sys/file.h>

namespace gateway {

file_lock try_lock(const descriptor& file) {
    while (::flock(file.number(), LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        return errno == EWOULDBLOCK ? file_lock::of_others : file_lock::not_supported;
    }
    return file_lock::ours;
}

} // namespace gateway
