// Faults outside of the inputs, for every action: in the path, in a query where the body counts, in headers,
// in JSON; and that a refusal is not stored for its key.
#include "flow/validation_test.hpp"
#include "http/percent.hpp"

#include <boost/json/array.hpp>

namespace {

using tables::way;

class PlacesOfInputs : public validation_test {
protected:
    static bool asks_for(const tables::row_shape& row, const char* place) {
        return row.path.find(place) != std::string::npos;
    }
    std::string good_body(const tables::row_shape& row) {
        return row.takes == "json" || row.takes == "upload" ? tables::good_inputs(row) : "";
    }
    harness::answer ask(const tables::row_shape& row, const std::string& target, harness::fields more = {}) {
        if (row.takes != "none") more.emplace("Content-Type", "application/json");
        return w.api().call(row.verb, target, more, good_body(row));
    }
};

TEST_F(PlacesOfInputs, EveryPathRefusesWhatIsNoUserId) {
    const auto before = seen_by_tiktok();
    std::size_t sent = 0;
    for (const auto& row : rows()) {
        if (!asks_for(row, "{user_id}")) continue;
        for (const std::string& odd : {std::string("a b"), std::string(129, 'a'), std::string("\xc3\xa4"),
                                       std::string("a'--"), std::string("a&b"), std::string("*")}) {
            SCOPED_TRACE(row.slug + ' ' + odd);
            expect_refused(ask(row, filled(row, gateway::http::percent_encoded(odd))),
                           "user_id must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ + | = -");
            ++sent;
        }
    }
    EXPECT_GE(sent, 6 * 17U);
    EXPECT_EQ(seen_by_tiktok(), before);
}

TEST_F(PlacesOfInputs, WhatIsNoPublishIdIsNoPostAndWhatIsNoFileIdNoFile) {
    const auto before = seen_by_tiktok();
    const auto expect_absent = [&](const harness::answer& got, const char* code) {
        EXPECT_EQ(got.status, 404) << got.raw;
        EXPECT_EQ(got.code(), code);
        EXPECT_EQ(got.at("problem.retryable"), false);
        EXPECT_EQ(got.header("x-should-retry"), "");
    };
    std::size_t sent = 0;
    for (const auto& row : rows()) {
        for (const std::string& odd : {std::string(65, 'a'), std::string("v_1%20"), std::string("%C3%A4"),
                                       std::string("a:b"), std::string("file_01JD000000000000000000000I")}) {
            SCOPED_TRACE(row.slug + ' ' + odd);
            if (asks_for(row, "{publish_id}") && !odd.starts_with("file_")) {
                expect_absent(ask(row, filled(row, user, odd)), "no_such_post");
                ++sent;
            }
            if (!asks_for(row, "{file_id}")) continue;
            expect_absent(ask(row, filled(row, user, {}, odd)), "no_such_file");
            ++sent;
        }
    }
    EXPECT_GE(sent, 3 * 4U + 2 * 5U);
    EXPECT_EQ(seen_by_tiktok(), before);
}

TEST_F(PlacesOfInputs, InputsOfABodyAreNotTakenFromTheQuery) {
    const std::string reason = "colour is not taken from the query; inputs of this request stand in its body";
    for (const auto& row : rows()) {
        if (row.reads_query_itself || row.takes == "none" || row.takes == "stream") continue;
        SCOPED_TRACE(row.slug);
        expect_refused(ask(row, filled(row, user) + "?colour=red"), reason);
    }
}

TEST_F(PlacesOfInputs, WhatIsNoObjectOfInputsIsMalformed) {
    const auto before = seen_by_tiktok();
    for (const auto& row : rows()) {
        if (row.door != "caller" || row.takes == "none" || row.takes == "stream") continue;
        for (const char* body :
             {"[]", "5", "{", R"({"caption":"a","caption":"b"})", "{\"caption\":\"\xff\"}"}) {
            SCOPED_TRACE(row.slug + ' ' + body);
            const auto got = send(row, way::body, body);
            EXPECT_EQ(got.status, 400) << got.raw;
            EXPECT_EQ(got.code(), "malformed_json");
            if (row.takes != "upload") continue;
            EXPECT_EQ(send(row, way::form, body).code(), "malformed_json");
        }
    }
    EXPECT_EQ(seen_by_tiktok(), before);
}

TEST_F(PlacesOfInputs, EveryActionRefusesHeadersThatSayNothing) {
    const auto before = seen_by_tiktok();
    for (const auto& row : rows()) {
        if (row.door != "caller") continue;
        SCOPED_TRACE(row.slug);
        const auto path = filled(row, user);
        expect_refused(ask(row, path, {{"X-Request-Timeout", "soon"}}),
                       "X-Request-Timeout must be a number of seconds above 0, as 2 or 0.5");
        if (!row.replays) continue;
        for (const std::string& odd : {std::string("two words"), std::string(256, 'k'), std::string()})
            expect_refused(ask(row, path, {{"Idempotency-Key", odd}}),
                           "Idempotency-Key must be 1 to 255 visible ASCII characters");
    }
    EXPECT_EQ(seen_by_tiktok(), before);
}

TEST_F(PlacesOfInputs, AFaultyBodyIsNotRememberedUnderItsKey) {
    const auto draft = upload(user, mp4(5'000));
    const auto draft_id = draft.text_at("data.publish_id");
    settled_post(draft_id, "SEND_TO_USER_INBOX");
    const auto file = stage(mp4(5'000));
    struct one_key {
        std::string target;
        boost::json::value faulty, mended;
    };
    const boost::json::value staged{{"file_id", file}};
    const one_key cases[] = {
        {"/videos", {{"file_to_upload", staged}, {"publish", "yes"}}, {{"file_to_upload", staged}}},
        {"/videos/batch",
         {{"files_to_upload", boost::json::array{staged}}, {"max_workers", 0}},
         {{"files_to_upload", boost::json::array{staged}}}},
        {"/photos",
         {{"photo_images", {"https://media.example.com/1.jpg"}}, {"photo_cover_index", 1}},
         {{"photo_images", {"https://media.example.com/1.jpg"}}, {"photo_cover_index", 0}}},
        {"/posts/" + draft_id + "/publish", {{"caption", 5}}, {{"caption", "five"}}},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.target);
        const harness::fields key{{"Idempotency-Key", "key-of" + each.target}};
        const auto target = path_of(user, each.target);
        EXPECT_EQ(w.api().post(target, each.faulty, key).status, 422);
        const auto mended = w.api().post(target, each.mended, key);
        EXPECT_EQ(mended.status, 200) << mended.raw;
        EXPECT_EQ(mended.header("idempotent-replayed"), "");
        const auto again = w.api().post(target, each.mended, key);
        EXPECT_EQ(again.header("idempotent-replayed"), "true") << again.raw;
    }
}

} // namespace
