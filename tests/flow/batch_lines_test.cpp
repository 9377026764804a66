// A batch that tells its progress line by line (docs/contract.md §12), also to a client that leaves.
#include "flow/action_test.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <sstream>
#include <vector>

namespace {

class BatchLines : public action_test {
protected:
    boost::json::object batch_of(const std::vector<std::string>& videos) {
        boost::json::array files;
        for (std::size_t i = 0; i < videos.size(); ++i)
            files.push_back(
                boost::json::object{{"name", "clip-" + std::to_string(i)}, {"file_id", stage(videos[i])}});
        return {{"files_to_upload", std::move(files)}, {"max_workers", 2}, {"publish", true}};
    }
    std::string request(const std::string& user, const boost::json::object& what, const std::string& more) {
        const auto body = boost::json::serialize(what);
        return "POST " + path_of(user, "/videos/batch")
               + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + w.caller_key()
               + "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size())
               + "\r\n" + more + "\r\n" + body;
    }
    /// The lines of an answer that came in chunks.
    static std::vector<boost::json::object> lines_of(const std::string& raw) {
        std::string body;
        std::size_t at = raw.find("\r\n\r\n") + 4;
        for (std::size_t size = 1; size > 0;) {
            size = std::stoul(raw.substr(at), nullptr, 16);
            at = raw.find("\r\n", at) + 2;
            body += raw.substr(at, size);
            at += size + 2;
        }
        std::vector<boost::json::object> out;
        std::istringstream text(body);
        for (std::string line; std::getline(text, line);)
            out.push_back(boost::json::parse(line).as_object());
        return out;
    }
    static constexpr const char* accept = "Accept: application/x-ndjson\r\n";
};

TEST_F(BatchLines, TellsEachStepOfEachFileAndTheEnvelopeLast) {
    const auto user = another_user();
    auto what = batch_of({mp4(12'000'000), mp4(5'000)});
    what["chunk_size_bytes"] = 5'242'880;
    what["files_to_upload"].as_array().push_back(
        {{"name", "gone"}, {"file_id", "file_" + std::string(26, '0')}});
    harness::raw_socket client(w.gateway().port(), w.heard());
    ASSERT_TRUE(client.send(request(user, what, accept)));
    const auto raw = client.receive_until("\r\n0\r\n\r\n", gateway::seconds{60});
    EXPECT_NE(raw.find("Content-Type: application/x-ndjson\r\n"), std::string::npos) << raw.substr(0, 400);

    const auto lines = lines_of(raw);
    ASSERT_GT(lines.size(), 6U);
    std::map<std::int64_t, std::vector<std::string>> steps;
    std::uint64_t chunks_end = 0;
    for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
        const auto step = text_in(lines[i], "step");
        steps[lines[i].at("index").to_number<std::int64_t>()].push_back(step);
        if (step == "chunk" && lines[i].at("index") == 0)
            chunks_end = lines[i].at("bytes_sent").to_number<std::uint64_t>();
        if (step != "failed") continue;
        EXPECT_EQ(text_in(lines[i].at("problem").as_object(), "code"), "no_such_file");
    }
    EXPECT_EQ(chunks_end, 12'000'000U);
    for (const auto& [index, all] : steps) {
        EXPECT_EQ(all.front(), "waiting") << index;
        EXPECT_EQ(all.at(1), "init") << index;
        EXPECT_EQ(all.back(), index == 2 ? "failed" : "done");
    }
    const auto& envelope = lines.back();
    EXPECT_EQ(envelope.at("data").at("results").as_array().size(), 3U);
    EXPECT_EQ(text_in(envelope.at("problem").as_object(), "code"), "partial_failure");
}

TEST_F(BatchLines, AClientThatLeavesFindsThePostsAndWithItsKeyTheWholeAnswer) {
    const auto user = another_user();
    const auto what = batch_of({mp4(50'000), mp4(50'001)});
    {
        harness::raw_socket client(w.gateway().port(), w.heard());
        ASSERT_TRUE(client.send(request(user, what, std::string(accept) + "Idempotency-Key: b1\r\n")));
        client.receive_until("\"step\":\"init\"");
        client.reset();
    }
    const auto end = gateway::steady_now() + gateway::seconds{30};
    harness::answer again;
    do
        again = w.api().post(path_of(user, "/videos/batch"), what, {{"Idempotency-Key", "b1"}});
    while (again.code() == "in_progress" && gateway::steady_now() < end);
    EXPECT_EQ(again.status, 200) << again.raw;
    EXPECT_EQ(again.at("data.results").as_array().size(), 2U);
    const auto posts = w.api().get(path_of(user, "/posts"));
    EXPECT_EQ(posts.at("data.posts").as_array().size(), 2U) << "and no file was posted twice";
}

TEST_F(BatchLines, ARefusalBeforeItBeginsIsAnEnvelope) {
    const auto user = another_user();
    const auto got = w.api().post(path_of(user, "/videos/batch"), {{"files_to_upload", boost::json::array{}}},
                                  {{"Accept", "application/x-ndjson"}});
    EXPECT_EQ(got.code(), "invalid_input") << got.raw;
    EXPECT_EQ(got.header("content-type"), "application/json");
}

TEST_F(BatchLines, AWeightOfZeroRefusesThemHoweverItIsWritten) {
    const auto user = another_user();
    for (const char* refusing : {"application/json, application/x-ndjson;q=0", "application/x-ndjson;q=0.0",
                                 "Application/X-NDJSON; Q=0.000, */*"}) {
        const auto plain =
            w.api().post(path_of(user, "/videos/batch"), batch_of({mp4(5'000)}), {{"Accept", refusing}});
        EXPECT_EQ(plain.status, 200) << plain.raw;
        EXPECT_EQ(plain.header("content-type"), "application/json") << refusing;
    }
}

TEST_F(BatchLines, EachLineOfAcceptIsRead) {
    const auto user = another_user();
    const auto got = w.api().post(path_of(user, "/videos/batch"), batch_of({mp4(5'000)}),
                                  {{"Accept", "application/json"}, {"Accept", "Application/X-NDJSON;q=0.5"}});
    EXPECT_EQ(got.status, 200) << got.raw;
    EXPECT_EQ(got.header("content-type"), "application/x-ndjson");
}

} // namespace
