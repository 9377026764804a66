// What the program does before it reads a secret.
#include "app/hardening.hpp"

#include "app/start_failure.hpp"

#include <gtest/gtest.h>
#include <openssl/crypto.h>

namespace gateway::app {
namespace {

TEST(Hardening, G04AuditPTheStartFailsWhereOpenSslsMemoryCannotBeWiped) {
    OPENSSL_free(OPENSSL_malloc(1)); // from now on it keeps the allocator that it has
    EXPECT_THROW(harden_process(), start_failure);
}

} // namespace
} // namespace gateway::app
