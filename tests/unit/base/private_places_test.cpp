// Whose files are judged safe: the same for the key ring, the database and its helpers.
#include "base/private_places.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

namespace gateway {
namespace {

struct stat file_of(::uid_t owner, ::mode_t mode) {
    struct stat facts {};
    facts.st_uid = owner;
    facts.st_mode = S_IFREG | mode;
    return facts;
}

} // namespace

TEST(PrivatePlaces, AuditQTakesFilesOfTheProcessesUserAndOfRootOnly) {
    const auto other = ::geteuid() + 12'345;
    EXPECT_EQ(describe_exposed_file(file_of(::geteuid(), 0600)), "");
    EXPECT_EQ(describe_exposed_file(file_of(0, 0440)), "");
    EXPECT_NE(describe_exposed_file(file_of(other, 0600)), "");
    EXPECT_NE(describe_exposed_file(file_of(other, 0400)), "");
}

TEST(PrivatePlaces, AuditQTakesNoFileThatOthersMayReachOrThatTheGroupMayWrite) {
    for (const ::mode_t mode : {0600U, 0640U, 0400U, 0440U})
        EXPECT_EQ(describe_exposed_file(file_of(::geteuid(), mode)), "") << mode;
    for (const ::mode_t mode : {0644U, 0604U, 0602U, 0601U, 0660U, 0620U, 0610U, 0666U, 0700U})
        EXPECT_NE(describe_exposed_file(file_of(::geteuid(), mode)), "") << mode;
}

} // namespace gateway
