#include "state/fault_book.hpp"
#include "wire/wire_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace gateway::simulator {

namespace {

fault_book::added add(fault_book& book, const char* description) {
    return book.add(boost::json::parse(description));
}

bool hits(fault_book& book, const char* path, const char* account = "demo") {
    return book.pick("api", "POST", path, account).has_value();
}

} // namespace

TEST(Faults, HappenAsOftenAsAskedFor) {
    fault_book book;
    add(book, R"({"match":{"path":"/v2/video/*"},"times":2,"do":{"status":503}})");
    EXPECT_FALSE(hits(book, "/v2/user/info/"));
    EXPECT_TRUE(hits(book, "/v2/video/list/"));
    EXPECT_TRUE(hits(book, "/v2/video/query/"));
    EXPECT_FALSE(hits(book, "/v2/video/list/"));
    EXPECT_EQ(book.list()[0].as_object().at("fired").as_int64(), 2);
}

TEST(Faults, HappenForEverWhenAskedTo) {
    fault_book book;
    add(book, R"({"times":-1,"do":{"hang":true}})");
    for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(hits(book, "/"));
    }
    book.clear();
    EXPECT_FALSE(hits(book, "/"));
}

TEST(Faults, MeetTheNthRequestOfOneAccount) {
    fault_book book;
    add(book, R"({"match":{"nth":2,"account":"demo"},"do":{"reset_before_answer":true}})");
    EXPECT_FALSE(hits(book, "/", "second"));
    EXPECT_FALSE(hits(book, "/"));
    EXPECT_TRUE(hits(book, "/"));
    EXPECT_FALSE(hits(book, "/"));
}

TEST(Faults, OfConnectionsLeaveRequestsAlone) {
    fault_book book;
    add(book, R"({"match":{"connection":true,"listener":"upload"},"do":{"hang":true}})");
    EXPECT_FALSE(hits(book, "/"));
    EXPECT_FALSE(book.pick_connection("api"));
    EXPECT_TRUE(book.pick_connection("upload"));
}

TEST(Faults, AreRefusedWhenTheyAreNotUnderstood) {
    fault_book book;
    EXPECT_EQ(add(book, R"({"do":{"explode":true}})").wrong, "do.explode is not known");
    EXPECT_EQ(add(book, R"({"match":{"verb":"GET"},"do":{}})").wrong, "match.verb is not known");
    EXPECT_EQ(add(book, R"({"do":{"delay_ms":"5"}})").wrong, "do.delay_ms must be a whole number");
    EXPECT_EQ(add(book, R"({"match":{}})").wrong, "fault.do is missing");
    EXPECT_TRUE(book.list().empty());
}

TEST(Faults, PatchTheRealAnswer) {
    fault_effect effect;
    effect.status = 200;
    effect.merge =
        boost::json::parse(R"({"refresh_token":null,"open_id":"other","new":{"a":1}})").as_object();
    answer out;
    out.body = R"({"access_token":"a","refresh_token":"r","open_id":"mine"})";
    distort(out, effect);
    EXPECT_EQ(boost::json::parse(out.body),
              boost::json::parse(R"({"access_token":"a","open_id":"other","new":{"a":1}})"));
}

TEST(Answers, CarryTheirLogIdAndReplaceHeadersByName) {
    answer out;
    out.body = "{}";
    out.headers.emplace_back("content-length", "99");
    const std::string bytes = as_bytes(out, "LOG", from_unix_ms(784'111'777'000), true, false);
    EXPECT_TRUE(bytes.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_NE(bytes.find("x-tt-logid: LOG\r\n"), std::string::npos);
    EXPECT_NE(bytes.find("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), std::string::npos);
    EXPECT_NE(bytes.find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(bytes.find("Content-Length: 2"), std::string::npos);
    EXPECT_TRUE(bytes.ends_with("\r\n\r\n{}"));
}

} // namespace gateway::simulator
