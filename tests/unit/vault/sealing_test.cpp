#include "vault/sealing.hpp"

#include "base/digest.hpp"
#include "vault/token_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>
#include <vector>

namespace gateway::vault {
namespace {

key_ring ring(const std::string& ids) {
    std::string text;
    for (const char id : ids)
        text += std::string(1, id) + ":" + to_base64(std::string(32, id)) + "\n";
    return *key_ring::parse(text);
}

TEST(Sealing, OpensWhatItSealedUnderTheSameName) {
    const auto keys = ring("a");
    const std::vector<std::string> texts{std::string{}, std::string("x"), std::string(5000, '\0')};
    for (const auto& plain : texts) {
        const auto blob = seal(keys, {"tokens", "ann", 7}, plain);
        const auto out = open(keys, {"tokens", "ann", 7}, blob);
        ASSERT_TRUE(out);
        EXPECT_EQ(out->reveal(), plain);
        EXPECT_TRUE(blob.starts_with("\x01" + key_mark("a")));
    }
}

TEST(Sealing, V05RefusesABlobMovedToAnotherRecordOrVersion) {
    const auto keys = ring("a");
    const auto blob = seal(keys, {"tokens", "ann", 7}, "secret");
    EXPECT_EQ(open(keys, {"tokens", "bob", 7}, blob).error(), open_error::refused);
    EXPECT_EQ(open(keys, {"tokens", "ann", 6}, blob).error(), open_error::refused);
    EXPECT_EQ(open(keys, {"verifier", "ann", 7}, blob).error(), open_error::refused);
    EXPECT_EQ(open(keys, {"token", "sann", 7}, blob).error(), open_error::refused);
}

TEST(Sealing, V05AuditCRefusesABlobMovedToAnotherAppOrToARowWithoutOne) {
    const auto keys = ring("a");
    const record_name ours{"tokens", "ann", 7, "app-1"};
    const auto blob = seal(keys, ours, "secret");
    EXPECT_EQ(blob.front(), '\x02');
    EXPECT_EQ(open(keys, ours, blob)->reveal(), "secret");
    EXPECT_EQ(open(keys, {"tokens", "ann", 7, "app-2"}, blob).error(), open_error::refused);
    EXPECT_EQ(open(keys, {"tokens", "ann", 7}, blob).error(), open_error::refused);
    const auto without = seal(keys, {"tokens", "ann", 7}, "secret");
    EXPECT_EQ(open(keys, ours, without).error(), open_error::refused);
    for (auto changed : {blob, without}) {
        changed[0] = changed[0] == '\x01' ? '\x02' : '\x01';
        EXPECT_FALSE(open(keys, ours, changed)) << "another format";
        EXPECT_FALSE(open(keys, {"tokens", "ann", 7}, changed)) << "another format";
    }
}

TEST(Sealing, V04RefusesABlobWithAnyByteChangedOrCut) {
    const auto keys = ring("ab");
    const auto blob = seal(keys, {"tokens", "ann", 1}, "secret");
    for (std::size_t i = 0; i < blob.size(); ++i) {
        auto changed = blob;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(open(keys, {"tokens", "ann", 1}, changed)) << i;
        EXPECT_FALSE(open(keys, {"tokens", "ann", 1}, blob.substr(0, i))) << i;
    }
}

TEST(Sealing, V06TellsAKeyThatIsMissingFromOneThatIsWrong) {
    const auto blob = seal(ring("a"), {"tokens", "ann", 1}, "secret");
    EXPECT_EQ(open(ring("b"), {"tokens", "ann", 1}, blob).error(), open_error::unknown_key);
    const auto other = key_ring::parse("a:" + to_base64(std::string(32, 'z')));
    EXPECT_EQ(open(*other, {"tokens", "ann", 1}, blob).error(), open_error::refused);
    EXPECT_EQ(open(ring("a"), {"tokens", "ann", 1}, "").error(), open_error::malformed);
}

TEST(Sealing, V07OpensOldBlobsAfterANewKeyWasAdded) {
    const auto blob = seal(ring("a"), {"tokens", "ann", 1}, "secret");
    EXPECT_TRUE(open(ring("ab"), {"tokens", "ann", 1}, blob));
    EXPECT_TRUE(seal(ring("ab"), {"tokens", "ann", 1}, "secret").starts_with("\x01" + key_mark("b")));
}

TEST(Sealing, V08NeverUsesANonceTwice) {
    const auto keys = ring("a");
    const auto nonce_at = 1 + key_mark("a").size();
    std::unordered_set<std::string> seen;
    for (int i = 0; i < 1'000'000; ++i)
        ASSERT_TRUE(seen.insert(seal(keys, {"tokens", "ann", 1}, "").substr(nonce_at, 12)).second);
}

TEST(TokenText, ReadsBackWhatItWroteAndNothingElse) {
    token_text text{secret{"act.1"}, secret{"rft.2"}, "open:3",        "a,b",
                    from_unix_ms(1), from_unix_ms(2), from_unix_ms(-3)};
    const auto plain = write_token_text(text);
    const auto back = read_token_text(plain.reveal());
    ASSERT_TRUE(back);
    EXPECT_EQ(back->access_token.reveal(), "act.1");
    EXPECT_EQ(back->refresh_token.reveal(), "rft.2");
    EXPECT_EQ(back->account, "open:3");
    EXPECT_EQ(back->scopes, "a,b");
    EXPECT_EQ(back->refresh_expires_at, from_unix_ms(-3));
    const std::string whole{plain.reveal()};
    for (std::size_t i = 0; i < whole.size(); ++i)
        EXPECT_FALSE(read_token_text(whole.substr(0, i))) << i;
    EXPECT_FALSE(read_token_text(whole + "x"));
    EXPECT_FALSE(read_token_text("2" + whole.substr(1)));
    EXPECT_FALSE(read_token_text("3" + whole.substr(1)));
    EXPECT_FALSE(read_token_text("199999999999999999999:x"));
}

TEST(TokenText, FaultKKeepsHowManyRefreshesWereForcedInARowWhereThereWereAny) {
    token_text text{secret{"act.1"}, secret{"rft.2"}, "open:3",       "a,b",
                    from_unix_ms(1), from_unix_ms(2), from_unix_ms(3)};
    EXPECT_EQ(write_token_text(text).reveal().front(), '1') << "as the program before wrote it";
    EXPECT_EQ(read_token_text(write_token_text(text).reveal())->forced_in_a_row, 0U);
    text.forced_in_a_row = 12;
    const std::string whole{write_token_text(text).reveal()};
    EXPECT_EQ(read_token_text(whole)->forced_in_a_row, 12U);
    EXPECT_EQ(read_token_text(whole)->refresh_expires_at, from_unix_ms(3));
    for (std::size_t i = 0; i < whole.size(); ++i)
        EXPECT_FALSE(read_token_text(whole.substr(0, i))) << i;
    EXPECT_FALSE(read_token_text(whole + "x"));
    EXPECT_FALSE(read_token_text("1" + whole.substr(1)));
    EXPECT_FALSE(read_token_text(whole.substr(0, whole.size() - 4) + "1:0")) << "none are not written";
}

} // namespace
} // namespace gateway::vault
