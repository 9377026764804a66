// The rows of the actions with the tables of bad inputs (tests/tables), and cases that are in no table.
#include "tables/refusals.hpp"

#include "actions/table.hpp"
#include "api/problem.hpp"
#include "api/validate.hpp"
#include "base/told_faults.hpp"
#include "contract/written_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace gateway::api {
namespace {

const std::vector<std::string> no_prefixes;

const row& row_of(std::string_view slug) {
    const auto rows = actions::table();
    const auto found =
        std::find_if(rows.begin(), rows.end(), [slug](const row& each) { return each.slug == slug; });
    EXPECT_NE(found, rows.end()) << slug;
    return *found;
}

result<checked_input> check(std::string_view slug, std::string_view given,
                            const std::vector<std::string>& prefixes = no_prefixes, bool bytes = false) {
    const validation by{.what = row_of(slug), .verified_url_prefixes = prefixes, .came_with_bytes = bytes};
    const bool body =
        by.what.takes == body::json || (by.what.takes == body::upload && given.starts_with('{'));
    return body ? check_body(by, given) : check_query(by, given);
}

std::string faults_of(const result<checked_input>& checked) {
    if (checked) return "accepted";
    std::string out(facts(checked.error().code()).name);
    if (!checked.error().details()) return out;
    for (const auto& fault : checked.error().details()->fields)
        out += '\n' + fault.field + " " + fault.reason;
    return out;
}

std::string faults_of(const tables::refusal& each) {
    const bool query = each.sent == tables::way::query || each.sent == tables::way::video;
    const bool bytes = each.sent == tables::way::form || each.sent == tables::way::video;
    const validation by{
        .what = row_of(each.slug), .verified_url_prefixes = no_prefixes, .came_with_bytes = bytes};
    return faults_of(query ? check_query(by, each.given) : check_body(by, each.given));
}

std::string name_of_refusal(const testing::TestParamInfo<tables::refusal>& each) {
    return each.param.name;
}

class Refuses : public testing::TestWithParam<tables::refusal> {};

TEST_P(Refuses, NamesTheFieldAndTheReason) {
    EXPECT_EQ(faults_of(GetParam()), "invalid_input\n" + GetParam().faults);
}
INSTANTIATE_TEST_SUITE_P(Inputs, Refuses, testing::ValuesIn(tables::written_refusals()), name_of_refusal);

TEST(Inputs, EachOfEveryActionIsRefusedInEachWayItsKindCanBeWrong) {
    const auto all = tables::derived_refusals(tables::row_shapes(written_rows()));
    EXPECT_GT(all.size(), 700U);
    for (const auto& each : all)
        EXPECT_EQ(faults_of(each), "invalid_input\n" + each.faults)
            << each.slug << ' ' << each.name << ' ' << each.given.substr(0, 200);
}

TEST(Inputs, WhatTheTablesCallGoodIsGood) {
    for (const auto& each : tables::row_shapes(written_rows())) {
        if (each.takes != "json" && each.takes != "upload") continue;
        const validation by{.what = row_of(each.slug), .verified_url_prefixes = no_prefixes};
        EXPECT_EQ(faults_of(check_body(by, tables::good_inputs(each))), "accepted") << each.slug;
    }
}

// S01, S03: the rules of URLs have their own tests; here, that they are applied to every URL input.
TEST(UrlInputs, S01RefusesWhatIsNoPlainHttpsName) {
    for (const char* url :
         {"http://a.example/v", "ftp://a.example/v", "https://user@a.example/v", "https://a.example:8443/v",
          "https://a.example/v#x", "https://a.example/a b", "//a.example/v", "https://a.example\\v",
          "https://127.0.0.1/v", "https://2130706433/v", "https://0x7f000001/v", "https://[::1]/v"}) {
        const auto body =
            std::string(R"({"video_url":")")
            + (std::string(url).find('\\') != std::string::npos ? "https://a.example\\\\v" : url) + "\"}";
        EXPECT_TRUE(faults_of(check("TIKTOK_UPLOAD_VIDEO", body)).starts_with("invalid_input\nvideo_url "))
            << url;
    }
}

TEST(UrlInputs, S02ComparesVerifiedPrefixesLabelByLabel) {
    const std::vector<std::string> prefixes{"https://media.example.com/videos/", "example.org"};
    const auto verdict = [&](const std::string& url) {
        return check("TIKTOK_UPLOAD_VIDEO", R"({"video_url":")" + url + "\"}", prefixes).has_value();
    };
    EXPECT_TRUE(verdict("https://media.example.com/videos/a.mp4"));
    EXPECT_TRUE(verdict("https://cdn.example.org/a.mp4"));
    EXPECT_FALSE(verdict("https://media.example.com/other/a.mp4"));
    EXPECT_FALSE(verdict("https://media.example.com.evil.example/videos/a.mp4"));
    EXPECT_FALSE(verdict("https://notexample.org/a.mp4"));
}

TEST(UploadInputs, ABodyThatIsTheVideoNeedsNoOther) {
    EXPECT_TRUE(check("TIKTOK_UPLOAD_VIDEO", "caption=hello&publish=true&privacy_level=SELF_ONLY",
                      no_prefixes, true));
}

TEST(Inputs, WhatIsNotAJsonObjectIsMalformed) {
    for (const char* body : {"[]", "5", "{", R"({"a":1,"a":2})", "{\"caption\":\"\xff\"}"})
        EXPECT_EQ(faults_of(check_body({row_of("TIKTOK_QUERY_VIDEOS"), no_prefixes}, body)), "malformed_json")
            << body;
}

TEST(Inputs, ParametersOfTheQueryAreRefusedWhereTheBodyHoldsTheInputs) {
    const auto refused = refuse_query("caption=x&publish=true");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::invalid_input);
    EXPECT_EQ(refused.error().details()->fields.size(), 2U);
    EXPECT_TRUE(refuse_query(""));
}

TEST(Inputs, C26NoInputOfAnyActionTakesACarriageReturn) {
    for (const auto& each : actions::table()) {
        for (const auto& rule : each.inputs) {
            const validation by{.what = each, .verified_url_prefixes = no_prefixes};
            const bool list = rule.type == kind::text_list || rule.type == kind::url_list;
            const bool url = rule.type == kind::url || rule.type == kind::url_list;
            const std::string name(rule.name);
            for (const std::string breaks : {"\\r", "\\r\\n", "\\r\\r\\n", "\\n\\r"}) {
                if (rule.multiline && breaks == "\\r\\n") continue; // read as a line feed: FaultH
                const std::string text = (url ? "https://a.example/x" : "a") + breaks + "X-Evil: 1";
                const std::string value = list ? "[\"" + text + "\"]" : '"' + text + '"';
                const auto checked = check_body(by, "{\"" + name + "\":" + value + "}");
                ASSERT_FALSE(checked) << each.slug << ' ' << name;
                const auto& faults = checked.error().details()->fields;
                EXPECT_TRUE(std::any_of(faults.begin(), faults.end(),
                                        [&](const auto& fault) { return fault.field.starts_with(name); }))
                    << each.slug << ' ' << name;
            }
        }
    }
}

/// `count` members `"n0":1,"n1":1,…`
std::string members(int count) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out += (i ? ",\"n" : "\"n") + std::to_string(i) + "\":1";
    return out;
}

std::string items(const std::string& one, int count) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out += (i ? "," : "") + one;
    return out;
}

/// `n0=1&n1=1&…`
std::string parameters(int count) {
    std::string out;
    for (int i = 0; i < count; ++i)
        out += (i ? "&n" : "n") + std::to_string(i) + "=1";
    return out;
}

/// Each is an input that can hold a fault many times over; every producer of `fields` is among them.
const struct {
    const char* name;
    result<checked_input> (*ask)();
    std::size_t faults_min;
} many_faults[] = {
    {"unknown names", [] { return check("TIKTOK_POST_PHOTO", "{" + members(9000) + "}"); }, 9000},
    {"unknown members of a file",
     [] { return check("TIKTOK_UPLOAD_VIDEO", "{\"file_to_upload\":{" + members(9000) + "}}"); }, 9000},
    {"unknown members of each file of a batch",
     [] {
         return check("TIKTOK_UPLOAD_VIDEOS",
                      "{\"files_to_upload\":[" + items("{" + members(90) + "}", 100) + "]}");
     },
     9000},
    {"names and members",
     [] {
         return check("TIKTOK_UPLOAD_VIDEO",
                      "{\"file_to_upload\":{" + members(900) + "}," + members(900) + "}");
     },
     1800},
    {"pictures that are none",
     [] {
         return check("TIKTOK_POST_PHOTO",
                      "{\"photo_images\":[" + items("1", 35) + "],\"photo_cover_index\":0}");
     },
     35},
    {"fields of a query", [] { return check("TIKTOK_GET_USER_BASIC_INFO", "fields=" + items("none", 1500)); },
     1500},
    {"names of a query", [] { return check("TIKTOK_LIST_VIDEOS", parameters(100)); }, 100},
};

TEST(Inputs, AuditNAllFaultsOfACallCountTogetherAndOnlyTheFirstAreTold) {
    for (const auto& each : many_faults) {
        const auto refused = each.ask();
        ASSERT_FALSE(refused) << each.name;
        const auto why = refused.error();
        const auto& faults = why.details()->fields;
        EXPECT_EQ(faults.size(), told_faults_max) << each.name;
        for (const auto& fault : faults)
            EXPECT_FALSE(fault.field.empty() || fault.reason.empty()) << each.name;
        const auto& message = why.message();
        const auto at = message.find("There are ");
        ASSERT_NE(at, std::string::npos) << message;
        EXPECT_GE(std::stoul(message.substr(at + 10)), each.faults_min) << each.name;
        std::string answer;
        append_problem(answer, why, "id");
        EXPECT_LT(answer.size(), 10'000U) << each.name;
    }
    const auto query = refuse_query(parameters(100));
    ASSERT_FALSE(query);
    EXPECT_EQ(query.error().details()->fields.size(), told_faults_max);
    EXPECT_NE(query.error().message().find("There are 100"), std::string::npos) << query.error().message();
}

TEST(Inputs, AuditNAListOfFaultsFromElsewhereIsCutToo) {
    std::vector<field_fault> many(500, field_fault{"a", "is wrong"}), few(20, field_fault{"a", "is wrong"});
    const auto cut = failure{errc::invalid_input, "No."}.fields(std::move(many));
    EXPECT_EQ(cut.details()->fields.size(), told_faults_max);
    EXPECT_EQ(cut.message(), "No. There are 500; the first 20 are told.");
    const auto whole = failure{errc::invalid_input, "No."}.fields(std::move(few));
    EXPECT_EQ(whole.details()->fields.size(), 20U);
    EXPECT_EQ(whole.message(), "No.");
}

TEST(Inputs, AnEndlessNameDoesNotComeBack) {
    const auto refused = check("TIKTOK_LIST_VIDEOS", std::string(5000, 'a') + "=1");
    ASSERT_FALSE(refused);
    EXPECT_LT(refused.error().details()->fields.front().field.size(), 65U);
}

} // namespace
} // namespace gateway::api
