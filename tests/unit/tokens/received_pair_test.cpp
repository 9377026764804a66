// A pair that TikTok gave for a refresh token and that is not a connection yet.
#include "tokens/received_pair.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>

namespace gateway::testing {

namespace {

tiktok::token_answer whole_answer() {
    tiktok::token_answer out;
    out.access_token = secret{"act.new"};
    out.refresh_token = secret{"rft.new"};
    out.account = open_id::trusted("open-1");
    out.scopes = "video.list";
    out.access_lifetime = seconds{7200};
    out.refresh_lifetime = seconds{86'400};
    out.granted_at = from_unix_ms(5'000);
    return out;
}

} // namespace

TEST(ReceivedPair, HasWhatTheAnswerSays) {
    const auto pair = tokens::tokens_of(whole_answer(), secret{"rft.sent"}, "user.info.basic", seconds{60});
    EXPECT_EQ(pair.access_token.reveal(), "act.new");
    EXPECT_EQ(pair.refresh_token.reveal(), "rft.new");
    EXPECT_EQ(pair.account.text(), "open-1");
    EXPECT_EQ(pair.scopes, "video.list");
    EXPECT_EQ(pair.access_lifetime, seconds{7200});
    EXPECT_EQ(pair.refresh_lifetime, seconds{86'400});
    EXPECT_EQ(pair.granted_at, from_unix_ms(5'000));
    EXPECT_EQ(pair.proof, store::account_proof::pair);
}

TEST(ReceivedPair, HasWhatWasSentWhereTheAnswerIsSilent) {
    auto answer = whole_answer();
    answer.refresh_token = secret{};
    answer.scopes.clear();
    answer.refresh_lifetime = milliseconds{0};
    answer.granted_at.reset();
    const auto pair = tokens::tokens_of(answer, secret{"rft.sent"}, "user.info.basic", seconds{60});
    EXPECT_EQ(pair.refresh_token.reveal(), "rft.sent");
    EXPECT_EQ(pair.scopes, "user.info.basic");
    EXPECT_EQ(pair.refresh_lifetime, seconds{60});
    EXPECT_FALSE(pair.granted_at);
}

TEST(ReceivedPair, IsKeptUnderTheSha256OfTheTokenThatWasSent) {
    EXPECT_EQ(to_hex(tokens::import_hash(secret{"abc"})),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

} // namespace gateway::testing
