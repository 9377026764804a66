#include "pipeline/admission.hpp"

#include "actions/table.hpp"
#include "base/digest.hpp"
#include "settings/settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gateway::pipeline {
namespace {

const api::row& row_of(std::string_view slug) {
    const auto rows = actions::table();
    return *std::find_if(rows.begin(), rows.end(), [slug](const auto& each) { return each.slug == slug; });
}

/// As long as a key has to be.
std::string long_key(std::string_view name) {
    return std::string(name).append(32, '.');
}

settings::caller caller_of(std::string name, std::string_view key, std::uint32_t per_minute = 600) {
    settings::caller out;
    out.name = std::move(name);
    out.key_sha256 = to_hex(sha256(long_key(key)));
    out.requests_per_minute = per_minute;
    return out;
}

request asking(std::string_view slug) {
    request out;
    out.what = &row_of(slug);
    return out;
}

std::string code_of(const failure& why) {
    return std::string(facts(why.code()).name);
}

TEST(Callers, L09AuditICallsInFlightAreSharedByCallers) {
    caller_count callers;
    callers.set(2);
    fair_share in_flight(8, callers);
    const auto greedy = sharer_of("greedy"), quiet = sharer_of("quiet");
    place_in_flight first, second, third, fourth, fifth, other;
    for (auto* one : {&first, &second, &third, &fourth})
        EXPECT_TRUE(one->take(in_flight, greedy));
    EXPECT_FALSE(fifth.take(in_flight, greedy));
    {
        place_in_flight passing;
        EXPECT_TRUE(passing.take(in_flight, quiet));
        EXPECT_EQ(in_flight.used(), 5U);
    }
    EXPECT_EQ(in_flight.used(), 4U) << "given back at the end of the call";
    EXPECT_TRUE(other.take(in_flight, quiet));
}

TEST(Callers, FindsEachByItsKeyAndNobodyElse) {
    const std::vector<settings::caller> callers{caller_of("a", "key-a"), caller_of("b", "key-b", 60)};
    const caller_book book{callers};
    ASSERT_TRUE(book.find(long_key("key-b")));
    EXPECT_EQ(book.find(long_key("key-b"))->who->name, "b");
    EXPECT_EQ(book.find(long_key("key-c")), nullptr);
    EXPECT_EQ(book.find(long_key("key-")), nullptr);
    EXPECT_EQ(book.find(long_key("")), nullptr);
    EXPECT_EQ(book.find(long_key("key-b"))->quota.limit, 60U);
}

TEST(Callers, AuditHTheLengthOfAKeyIsThatOfItsCharacters) {
    const auto found = [](const std::string& character, std::size_t count) {
        std::string key;
        for (std::size_t i = 0; i < count; ++i)
            key += character;
        settings::caller who = caller_of("a", "");
        who.key_sha256 = to_hex(sha256(key));
        return caller_book({who}).find(key) != nullptr;
    };
    for (const char* character : {"k", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xff"}) {
        EXPECT_FALSE(found(character, 31)) << character;
        EXPECT_TRUE(found(character, 32)) << character;
    }
}

TEST(Callers, AuditHAShortKeyIsNoneWhateverItsHash) {
    settings::caller who = caller_of("a", "");
    for (const std::size_t size : {0U, 1U, 31U, 32U, 47U}) {
        const std::string key(size, 'k');
        who.key_sha256 = to_hex(sha256(key));
        const auto book = std::make_shared<const caller_book>(std::vector<settings::caller>{who});
        cached_api_key shown;
        EXPECT_EQ(book->find(key) != nullptr, size >= 32) << size;
        EXPECT_EQ(shown.find(book, key) != nullptr, size >= 32) << size;
        auto call = asking("TIKTOK_LIST_VIDEOS");
        call.api_key = key;
        EXPECT_EQ(identify(book, call).has_value(), size >= 32) << size;
    }
}

TEST(Callers, AConnectionsKeyIsFoundAgainAndOnlyThatOneAndOnlyInItsBook) {
    const std::vector<settings::caller> callers{caller_of("a", "key-a"), caller_of("b", "key-b")};
    const auto book = std::make_shared<const caller_book>(callers);
    cached_api_key shown;
    const auto name_of = [&](const auto& in, std::string_view key) {
        const auto* found = shown.find(in, long_key(key));
        return found ? found->who->name : "nobody";
    };
    EXPECT_EQ(name_of(book, "key-a"), "a");
    EXPECT_EQ(name_of(book, "key-a"), "a");
    EXPECT_EQ(shown.find(book, long_key("key-a")), book->find(long_key("key-a")));
    EXPECT_EQ(name_of(book, "key-b"), "b");
    for (const char* wrong : {"key-c", "key-", "key-bb", ""})
        EXPECT_EQ(name_of(book, wrong), "nobody") << wrong;
    EXPECT_EQ(name_of(book, "key-b"), "b");
    const std::vector<settings::caller> fewer{caller_of("a", "key-a")};
    const auto next = std::make_shared<const caller_book>(fewer);
    EXPECT_EQ(name_of(next, "key-b"), "nobody") << "SIGHUP took it away";
    EXPECT_EQ(shown.find(next, long_key("key-a")), next->find(long_key("key-a")));
}

TEST(Callers, WithoutCallersEverybodyIsAnonymousAndMayDoEverything) {
    const auto book = std::make_shared<const caller_book>(std::vector<settings::caller>{});
    auto call = asking("TIKTOK_LIST_VIDEOS");
    cached_api_key shown;
    for (auto* before : {&shown, &shown, static_cast<cached_api_key*>(nullptr)}) {
        call.shown_before = before;
        ASSERT_TRUE(identify(book, call));
        EXPECT_EQ(*identify(book, call), &book->anonymous());
    }
    const auto who = identify(book, call);
    EXPECT_TRUE(may_do(*(*who)->who, *call.what));
}

TEST(Callers, C28MissingAndUnknownKeysGetTheSameWords) {
    const std::vector<settings::caller> callers{caller_of("a", "key-a")};
    const auto book = std::make_shared<const caller_book>(callers);
    auto call = asking("TIKTOK_LIST_VIDEOS");
    const auto missing = identify(book, call);
    call.api_key = "wrong";
    const auto unknown = identify(book, call);
    ASSERT_FALSE(missing);
    ASSERT_FALSE(unknown);
    EXPECT_EQ(missing.error().message(), unknown.error().message());
    EXPECT_EQ(code_of(missing.error()), "unauthenticated");
    EXPECT_EQ(missing.error().details(), unknown.error().details());
}

/// A client with a given network address.
struct client_at final : client_address {
    explicit client_at(std::uint64_t where) : network_(where) {}
    std::uint64_t network() const override {
        ++asked;
        return network_;
    }
    std::uint64_t network_;
    mutable int asked = 0;
};

TEST(Callers, FaultABTooManyUnknownKeysOfOneAddressAreSlowedAndOthersAreNot) {
    limits::address_limiter counts(2, 1);
    const client_at here(7), elsewhere(8);
    const failure refusal(errc::unauthenticated, "no key");
    auto call = asking("TIKTOK_LIST_VIDEOS");
    call.arrived = steady_time{std::chrono::hours{1}};
    call.from = &here;
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(refuse_unknown_key(counts, call, refusal).code(), errc::unauthenticated);
    const auto slowed = refuse_unknown_key(counts, call, refusal);
    EXPECT_EQ(slowed.code(), errc::rate_limited);
    ASSERT_TRUE(slowed.details());
    EXPECT_EQ(slowed.details()->scope, limit_scope::address);
    EXPECT_EQ(slowed.details()->retry_after, milliseconds{60'000});
    call.from = &elsewhere;
    EXPECT_EQ(refuse_unknown_key(counts, call, refusal).code(), errc::unauthenticated);
    call.from = nullptr; // a listener without an address
    EXPECT_EQ(refuse_unknown_key(counts, call, refusal).code(), errc::unauthenticated);
}

TEST(Callers, OpenDoorsAskNoKey) {
    const std::vector<settings::caller> callers{caller_of("a", "key-a")};
    const auto book = std::make_shared<const caller_book>(callers);
    for (const char* slug : {"GATEWAY_CALLBACK", "GATEWAY_WEBHOOK", "GATEWAY_OPENAPI", "GATEWAY_DOCS"})
        EXPECT_TRUE(identify(book, asking(slug))) << slug;
}

TEST(Callers, ActionPatternsAreHeld) {
    settings::caller who = caller_of("a", "k");
    who.actions = {"TIKTOK_GET_*", "GATEWAY_SHOW_USER"};
    EXPECT_TRUE(may_do(who, row_of("TIKTOK_GET_USER_STATS")));
    EXPECT_TRUE(may_do(who, row_of("GATEWAY_SHOW_USER")));
    const auto refused = may_do(who, row_of("TIKTOK_POST_PHOTO"));
    ASSERT_FALSE(refused);
    EXPECT_EQ(code_of(refused.error()), "forbidden");
}

TEST(Callers, C27AUserOfSomebodyElseIsAUserWhoDoesNotExist) {
    settings::caller who = caller_of("a", "k");
    who.users = {"shop-*"};
    auto call = asking("TIKTOK_LIST_VIDEOS");
    checked_names names;
    call.names = &names;
    api::path_parameters path;
    call.path = &path;
    auto& user = path.add("user_id");
    user = "bank-1";
    const auto refused = may_act_for(who, call);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), not_found(errc::user_not_connected).message());
    EXPECT_EQ(refused.error().details(), nullptr);
    user = "shop-1";
    EXPECT_TRUE(may_act_for(who, call));
    EXPECT_EQ(names.user.text(), "shop-1");
    user = "shop-1\r\n";
    EXPECT_EQ(code_of(may_act_for(who, call).error()), "invalid_input");
}

TEST(Timeouts, ARequestedTimeoutIsReadInSeconds) {
    EXPECT_EQ(**parse_timeout_header("2"), milliseconds{2000});
    EXPECT_EQ(**parse_timeout_header("0.5"), milliseconds{500});
    EXPECT_EQ(**parse_timeout_header("1.05"), milliseconds{1050});
    EXPECT_EQ(**parse_timeout_header("999999999.999"), milliseconds{999'999'999'999});
    EXPECT_FALSE(parse_timeout_header("")->has_value());
    for (const char* bad :
         {"0", "-1", "1s", "1e3", "0.0000", "0.1234", ".5", "5.", "1000000000", "99999999999", " 1", "1,5"})
        EXPECT_FALSE(parse_timeout_header(bad)) << bad;
}

TEST(Timeouts, AnUploadHasTimeBySize) {
    const settings::deadlines from;
    EXPECT_EQ(allowed_time(api::deadline_class::upload, 0, from), from.upload_base);
    EXPECT_EQ(allowed_time(api::deadline_class::upload, 64 * 1024 * 10, from),
              from.upload_base + seconds{10});
    EXPECT_EQ(allowed_time(api::deadline_class::read, 1 << 30, from), from.read);
}

struct body_case {
    const char* slug;
    const char* type;
    std::optional<std::uint64_t> length;
    const char* verdict; // a code or a body_shape
    bool expects_continue = false;
};

std::string verdict_of(const body_case& each) {
    auto call = asking(each.slug);
    call.content_type = each.type;
    call.content_length = each.length;
    call.has_body = !each.length || *each.length > 0;
    call.expects_continue = each.expects_continue;
    const auto plan = plan_body(call);
    if (!plan) return code_of(plan.error());
    constexpr const char* names[] = {"none",     "json",    "multipart",  "raw",
                                     "document", "dropped", "nothing_due"};
    return names[static_cast<std::size_t>(plan->shape)];
}

TEST(Bodies, TakeAsManyBytesAsTheirRouteSays) {
    const auto bytes_max = asking("TIKTOK_POST_PHOTO").what->body_bytes_max;
    EXPECT_EQ(verdict_of({"TIKTOK_POST_PHOTO", "application/json", bytes_max, ""}), "json");
    EXPECT_EQ(verdict_of({"TIKTOK_POST_PHOTO", "application/json", bytes_max + 1, ""}), "too_large");
}

TEST(Bodies, AreJudgedByTheirHeadAlone) {
    const body_case cases[] = {
        {"TIKTOK_LIST_VIDEOS", "", 0, "none"},
        {"TIKTOK_POST_PHOTO", "application/json", 10, "json"},
        {"TIKTOK_POST_PHOTO", "application/json; charset=utf-8", std::nullopt, "json"},
        {"TIKTOK_POST_PHOTO", "text/plain", 10, "unsupported_media_type"},
        {"TIKTOK_POST_PHOTO", "", 10, "unsupported_media_type"},
        {"TIKTOK_POST_PHOTO", "", 0, "json"},
        {"TIKTOK_POST_PHOTO", "application/json", 300'000, "too_large"},
        {"TIKTOK_POST_PHOTO", "video/mp4", 10, "unsupported_media_type"},
        {"TIKTOK_UPLOAD_VIDEO", "video/mp4", 10, "raw"},
        {"TIKTOK_UPLOAD_VIDEO", "video/mp4", std::nullopt, "length_required"},
        {"TIKTOK_UPLOAD_VIDEO", "video/mp4", 0, "invalid_input"},
        {"TIKTOK_UPLOAD_VIDEO", "multipart/form-data; boundary=x", 100, "multipart"},
        {"TIKTOK_UPLOAD_VIDEO", "multipart/form-data; boundary=x", std::nullopt, "length_required"},
        {"TIKTOK_UPLOAD_VIDEO", "multipart/form-data", 100, "unsupported_media_type"},
        {"TIKTOK_UPLOAD_VIDEO", "application/json", 100, "json"},
        {"TIKTOK_UPLOAD_VIDEO", "application/octet-stream", 100, "unsupported_media_type"},
        {"TIKTOK_UPLOAD_VIDEO", "video/mp4", 5ULL << 30, "too_large"},
        {"GATEWAY_FILES", "video/mp4", std::nullopt, "length_required"},
        {"GATEWAY_FILES", "", 100, "raw"},
        {"GATEWAY_WEBHOOK", "application/json", 100, "document"},
        {"GATEWAY_WEBHOOK", "application/json", 100'000, "too_large"},
    };
    for (const auto& each : cases)
        EXPECT_EQ(verdict_of(each), each.verdict) << each.slug << ' ' << each.type;
}

TEST(Bodies, FaultEAreLookedAtWhereOnlyTheirBytesCanTell) {
    const auto chunked = std::nullopt;
    const body_case cases[] = {
        {"TIKTOK_LIST_VIDEOS", "", chunked, "dropped"},
        {"TIKTOK_LIST_VIDEOS", "text/plain", chunked, "dropped"},
        {"GATEWAY_CANCEL_POST", "", chunked, "dropped"},
        {"GATEWAY_CONNECT", "", chunked, "nothing_due"},
        {"GATEWAY_CONNECT", "text/plain", chunked, "nothing_due"},
        {"GATEWAY_CONNECT", "application/json", chunked, "json"},
        {"GATEWAY_CONNECT", "", chunked, "unsupported_media_type", true},
        {"TIKTOK_UPLOAD_VIDEO", "", chunked, "nothing_due"},
        // Treated as without a body, but a declared type is checked.
        {"TIKTOK_UPLOAD_VIDEO", "text/plain", chunked, "unsupported_media_type"},
        {"TIKTOK_UPLOAD_VIDEO", "video/mp4", chunked, "length_required"},
        {"GATEWAY_FILES", "", chunked, "length_required"},
        {"GATEWAY_IMPORT_TOKENS", "", chunked, "document"},
    };
    for (const auto& each : cases)
        EXPECT_EQ(verdict_of(each), each.verdict) << each.slug << ' ' << each.type;
}

TEST(Bodies, FaultFNobodyAskedForAreDroppedUpTo64Kilobytes) {
    const body_case cases[] = {
        {"TIKTOK_LIST_VIDEOS", "application/json", 2, "dropped"},
        {"TIKTOK_LIST_VIDEOS", "", 64 * 1024, "dropped"},
        {"TIKTOK_LIST_VIDEOS", "", 64 * 1024 + 1, "too_large"},
        {"TIKTOK_LIST_VIDEOS", "", 5ULL << 30, "too_large", true},
        {"TIKTOK_LIST_VIDEOS", "", 2, "none", true}, // no 100 Continue for it
    };
    for (const auto& each : cases)
        EXPECT_EQ(verdict_of(each), each.verdict) << *each.length;
}

TEST(Keys, I07OnlyShortVisibleAsciiIsAKey) {
    auto call = asking("TIKTOK_UPLOAD_VIDEO");
    EXPECT_TRUE(check_key(call)); // none given
    call.has_idempotency_key = true;
    for (const std::string& bad :
         {std::string{}, std::string(256, 'k'), std::string("a b"), std::string("\xc3\xa9")}) {
        call.idempotency_key = bad;
        EXPECT_FALSE(check_key(call)) << bad;
    }
    const std::string longest(255, 'k');
    call.idempotency_key = longest;
    EXPECT_TRUE(check_key(call));
}

} // namespace
} // namespace gateway::pipeline
