#include "vault/key_ring.hpp"

#include "base/digest.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace gateway::vault {
namespace {

const std::string a_key = to_base64(std::string(32, 'a'));
const std::string b_key = to_base64(std::string(32, 'b'));

void write_file(const std::string& path, const std::string& text, std::filesystem::perms mode) {
    std::ofstream(path) << text;
    std::filesystem::permissions(path, mode);
}

TEST(KeyRing, ReadsKeysAndTakesTheLastForNew) {
    const auto ring = key_ring::parse("# ours\n\none:" + a_key + "\r\n  two:" + b_key + "  \n# end");
    ASSERT_TRUE(ring) << ring.error().message();
    EXPECT_EQ(ring->newest().id, "two");
    EXPECT_EQ(ring->find("one")->bytes.reveal(), std::string(32, 'a'));
    EXPECT_EQ(ring->find("three"), nullptr);
}

TEST(KeyRing, FaultOTakesLinesAsEditorsAndShellsWriteThem) {
    const std::string mark = "\xEF\xBB\xBF";
    for (const std::string& text :
         {mark + "one:" + a_key + "\r\ntwo:" + b_key + "\r\n",
          mark + "# ours\none:" + a_key + "\n" + mark + "two:" + b_key,
          "\t one:" + a_key + "\n \t" + mark + " two:" + b_key + "\t\r\n" + mark + "\r\n"}) {
        const auto ring = key_ring::parse(text);
        ASSERT_TRUE(ring) << ring.error().message();
        EXPECT_EQ(ring->all().size(), 2U);
        EXPECT_EQ(ring->find("one")->bytes.reveal(), std::string(32, 'a'));
        EXPECT_EQ(ring->newest().id, "two");
    }
    const std::string wide{"\xff\xfeo\0n\0e\0", 8};
    EXPECT_NE(key_ring::parse(wide).error().message().find("line 1"), std::string::npos);
}

TEST(KeyRing, RefusesWhatIsNoKeyAndNamesTheLineButNeverItsContent) {
    const std::vector<std::string> lines{"one",
                                         ":" + a_key,
                                         "one:xyz",
                                         "one:" + to_base64("short"),
                                         "o ne:" + a_key,
                                         std::string(33, 'i') + ":" + a_key,
                                         "two:" + a_key + a_key,
                                         "two:" + to_base64(std::string(32, '\0')),
                                         "one:" + a_key + "\none:" + b_key};
    for (const auto& line : lines) {
        const auto ring = key_ring::parse("# comment\n" + line);
        ASSERT_FALSE(ring) << line;
        EXPECT_NE(ring.error().message().find("line"), std::string::npos);
        EXPECT_EQ(ring.error().message().find(a_key), std::string::npos);
    }
    EXPECT_FALSE(key_ring::parse("# nothing\n"));
}

TEST(KeyRing, AuditHOneKeyUnderTwoIdsIsRefusedAndNotShown) {
    const auto ring = key_ring::parse("one:" + a_key + "\ntwo:" + b_key + "\nthree:" + a_key);
    ASSERT_FALSE(ring);
    EXPECT_NE(ring.error().message().find("line 3"), std::string::npos) << ring.error().message();
    EXPECT_EQ(ring.error().message().find(a_key), std::string::npos);
}

TEST(KeyRing, V06RefusesAFileThatOthersCanReadOrThatIsNotThere) {
    using std::filesystem::perms;
    const testing::temporary_folder folder;
    const auto path = folder.file("keys");
    write_file(path, "one:" + a_key + "\n", perms::owner_read | perms::owner_write);
    for (const auto mode : {0600, 0640, 0400, 0440}) {
        std::filesystem::permissions(path, perms{static_cast<unsigned>(mode)});
        EXPECT_TRUE(key_ring::read(path)) << std::oct << mode;
    }
    for (const auto mode : {0644, 0604, 0660, 0666, 0601, 0700}) {
        std::filesystem::permissions(path, perms{static_cast<unsigned>(mode)});
        EXPECT_FALSE(key_ring::read(path)) << std::oct << mode;
    }
    EXPECT_FALSE(key_ring::read(folder.file("absent")));
    EXPECT_FALSE(key_ring::read("/"));
}

TEST(KeyRing, MakesLinesThatItReads) {
    const auto line = new_vault_key_line(from_unix_ms(1'795'450'716'999));
    const auto ring = key_ring::parse(line);
    ASSERT_TRUE(ring);
    EXPECT_TRUE(ring->newest().id.starts_with("k20261123-"));
    EXPECT_NE(line, new_vault_key_line(from_unix_ms(1'795'450'716'999)));
}

} // namespace
} // namespace gateway::vault
