// Bodies that arrive in pieces: whole documents, and the file inside a form.
#include "actions/table.hpp"
#include "files/staged_file_store.hpp"
#include "pipeline/intake.hpp"
#include "pipeline/whole_body.hpp"
#include "runtime/blocking.hpp"
#include "store/store.hpp"
#include "unit/runtime/pieces.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

namespace gateway::pipeline {
namespace {

using gateway::testing::pieces;
using gateway::testing::run_on;
using gateway::testing::soon;

const char* const as_form = "multipart/form-data; boundary=b0";

std::string input_part(const std::string& input) {
    return "--b0\r\nContent-Disposition: form-data; name=\"input\"\r\n\r\n" + input + "\r\n";
}
std::string file_part(const std::string& file, const std::string& fields = {}) {
    return "--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\"\r\n" + fields
           + "Content-Type: video/mp4\r\n\r\n" + file + "\r\n";
}
std::string form_of(const std::string& input, const std::string& file) {
    return input_part(input) + file_part(file) + "--b0--\r\n";
}
std::string length_field(const std::string& file) {
    return "Content-Length: " + std::to_string(file.size()) + "\r\n";
}

const api::row& row_of(std::string_view slug) {
    const auto rows = actions::table();
    return *std::find_if(rows.begin(), rows.end(), [slug](const auto& each) { return each.slug == slug; });
}

class Trickling : public ::testing::Test {
protected:
    Trickling() { callers.set(2); }

    worker loop;
    caller_count callers;
    limits::shared_bytes memory{30'000'000, 64 * 1024, callers};
};

class Bodies : public ::testing::TestWithParam<std::size_t> {
protected:
    using buffering = multipart_source::buffering;
    static constexpr std::uint64_t memory_bytes = 30'000'000;
    const sharer anna = sharer_of("anna");

    Bodies() {
        files.directory = folder.file("files");
        files.quota_bytes = 30'000'000;
        staged_file_store =
            std::make_unique<files::staged_file_store>(store->files, pool, memory, files, callers);
    }

    testing::temporary_folder folder;
    worker loop;
    const std::vector<std::string> no_prefixes;
    settings::files files;
    caller_count callers;
    limits::shared_bytes memory{memory_bytes, 64 * 1024, callers};
    blocking_pool pool{1, 64};
    std::unique_ptr<store::store> store = store::open_store("sqlite:" + folder.file("gateway.db")).value();
    std::unique_ptr<files::staged_file_store> staged_file_store;

    body_intake intakes() { return {no_prefixes, memory, *staged_file_store, 24}; }
    request asking(std::string_view slug, pieces& body, std::string_view type) {
        request out;
        out.what = &row_of(slug);
        out.body = &body;
        out.has_body = true;
        out.content_type = type;
        out.content_length = body.size_bytes();
        return out;
    }
    result<intake> take(const request& what) {
        auto plan = plan_body(what);
        if (!plan) return plan.error();
        return run_on(loop, intakes().take(what, std::move(*plan), anna, soon()));
    }
    result<void> take_rest(intake& taken) {
        return run_on(loop, intakes().take_rest(*taken.form, caller_name::trusted("anna"), soon()));
    }
    multipart_source::buffering buffering_of(std::string bytes) {
        pieces raw(std::move(bytes), 1 << 16);
        auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
        return taken.value().form->buffered();
    }
    std::size_t files_on_disk() const {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(files.directory))
            ++count;
        return count;
    }
    bool room_is_free() {
        const bool all_memory = memory.take(anna, memory_bytes, steady_now()).has_value();
        auto all = run_on(
            loop, staged_file_store->begin(caller_name::trusted("bert"), files.quota_bytes, 1, soon()));
        return all_memory && all.has_value();
    }
    result<std::string> read_file(body_source& from) {
        return run_on(loop, read_whole(from, 1 << 20, soon()));
    }
};

TEST_P(Bodies, ADocumentIsReadUpToItsBound) {
    pieces fits(std::string(1000, 'a'), GetParam());
    EXPECT_EQ(*run_on(loop, read_whole(fits, 1000, soon())), std::string(1000, 'a'));
    pieces longer(std::string(1001, 'a'), GetParam());
    EXPECT_EQ(run_on(loop, read_whole(longer, 1000, soon())).error().code(), errc::too_large);
    pieces far_longer(std::string(5000, 'a'), GetParam());
    EXPECT_EQ(run_on(loop, read_whole(far_longer, 1000, soon())).error().code(), errc::too_large);
    EXPECT_LE(far_longer.taken(), 1001U) << "the rest is not even read";
}

TEST_P(Bodies, AFormGivesItsInputsBeforeTheFileAndTheFileWhole) {
    const std::string file(700'001, 'v');
    pieces raw(form_of(R"({"publish":true,"caption":"x"})", file), GetParam());
    auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
    ASSERT_TRUE(taken) << taken.error().message();
    EXPECT_TRUE(taken->input.flag("publish"));
    EXPECT_EQ(taken->body.file_name, "a.mp4");
    ASSERT_TRUE(taken->body.source);
    EXPECT_LT(raw.taken(), file.size()); // at most one buffer of it
    ASSERT_TRUE(take_rest(*taken));
    EXPECT_EQ(taken->body.source->size_bytes(), file.size());
    EXPECT_EQ(*read_file(*taken->body.source), file);
    EXPECT_EQ(files_on_disk(), 0U);
    taken = result<intake>(intake{});
    EXPECT_TRUE(room_is_free());
}

TEST_P(Bodies, FaultAASmallFormIsSeenWholeWhateverTheOrderOfItsParts) {
    const std::string file(70'000, 'v');
    for (const std::string& fields : {std::string(), length_field(file)}) {
        for (const char* end : {"--b0--\r\n", "--b0--", "--b0--\r\nan epilogue"}) {
            pieces raw(file_part(file, fields) + input_part(R"({"publish":true})") + end, GetParam());
            auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
            ASSERT_TRUE(taken) << taken.error().message();
            EXPECT_TRUE(taken->input.flag("publish"));
            ASSERT_TRUE(take_rest(*taken));
            EXPECT_EQ(taken->body.source->size_bytes(), file.size());
            EXPECT_EQ(*read_file(*taken->body.source), file);
        }
    }
}

TEST_P(Bodies, FaultAASmallFormThatIsNoneIsFoundBeforeItsBytesAreAskedFor) {
    const std::string file(70'000, 'v');
    for (const std::string& fields : {std::string(), length_field(file)}) {
        for (const std::string& body :
             {input_part("{}") + file_part(file, fields) + "--b1--\r\n",
              input_part("{}") + file_part(file, fields) + file_part(file, fields) + "--b0--\r\n",
              input_part("{}") + file_part(file, fields),
              file_part(file, fields) + input_part("{}") + input_part("{}") + "--b0--\r\n"}) {
            pieces raw(body, GetParam());
            auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
            EXPECT_FALSE(taken.has_value() && take_rest(*taken).has_value()) << body.substr(70'000);
        }
    }
    EXPECT_TRUE(room_is_free());
}

TEST_P(Bodies, AFormThatEndsEarlyIsMalformed) {
    auto bytes = form_of("{}", std::string(1000, 'v'));
    const auto announced = bytes.size();
    bytes.resize(bytes.size() - 500);
    pieces raw(std::move(bytes), GetParam());
    auto what = asking("TIKTOK_UPLOAD_VIDEO", raw, as_form);
    what.content_length = announced;
    auto taken = take(what);
    ASSERT_TRUE(taken);
    EXPECT_EQ(take_rest(*taken).error().code(), errc::malformed_request);
}

TEST_P(Bodies, FaultsOfAFormsInputsAreFoundBeforeTheFileIsRead) {
    pieces raw(form_of(R"({"publish":1,"video_url":"https://a.example/v"})", std::string(200'000, 'v')),
               GetParam());
    const auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().details()->fields.size(), 2U);
    EXPECT_LT(raw.taken(), 100'000U);
}

TEST_P(Bodies, ARawBodyIsLeftUnread) {
    pieces raw(std::string(1000, 'v'), GetParam());
    auto what = asking("TIKTOK_UPLOAD_VIDEO", raw, "video/mp4");
    what.query = "caption=hello";
    const auto taken = take(what);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->input.text("caption"), "hello");
    EXPECT_EQ(taken->body.source, &raw);
    EXPECT_EQ(raw.taken(), 0U);
}

TEST_P(Bodies, ADocumentGoesToItsActionAsItCame) {
    pieces raw(R"({"access_token":"x"})", GetParam());
    const auto taken = take(asking("GATEWAY_IMPORT_TOKENS", raw, "application/json"));
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->document, R"({"access_token":"x"})");
}

TEST_P(Bodies, FaultEAChunkedBodyOfNoBytesIsNoBody) {
    for (const char* slug : {"TIKTOK_LIST_VIDEOS", "GATEWAY_CONNECT"})
        for (const char* type : {"", "text/plain", "application/json"}) {
            pieces nothing({}, GetParam());
            auto what = asking(slug, nothing, type);
            what.content_length.reset();
            const auto taken = take(what);
            EXPECT_TRUE(taken) << slug << type << (taken ? "" : taken.error().message());
            pieces some("{}", GetParam());
            what.body = &some;
            const auto other = take(what);
            const bool fine = std::string_view(slug) == "TIKTOK_LIST_VIDEOS" || type[0] == 'a';
            EXPECT_EQ(other.has_value(), fine) << slug << type;
            if (!fine) {
                EXPECT_EQ(other.error().code(), errc::unsupported_media_type);
            }
        }
}

TEST_P(Bodies, FaultFABodyNobodyAskedForIsReadToItsEndOrRefused) {
    pieces most(std::string(64 * 1024, 'x'), GetParam());
    EXPECT_TRUE(take(asking("TIKTOK_LIST_VIDEOS", most, "")));
    EXPECT_EQ(most.taken(), 64U * 1024) << "what is left would be the next request";
    pieces more(std::string(64 * 1024 + 1, 'x'), GetParam());
    auto what = asking("TIKTOK_LIST_VIDEOS", more, "");
    what.content_length.reset();
    const auto refused = take(what);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::too_large);
}

TEST_P(Bodies, L09AuditIAFormThatWasReceivedWholeKeepsItsMemory) {
    callers.set(2);
    const std::string file(1'000'000, 'v');
    const auto other_upload = memory.take(anna, 10'000'000, steady_now());
    pieces raw(form_of("{}", file), GetParam());
    auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
    ASSERT_TRUE(taken && take_rest(*taken));
    const auto quiet = memory.take(sharer_of("quiet"), 10'000'000, steady_now());
    ASSERT_TRUE(other_upload && quiet);
    EXPECT_FALSE(memory.take(anna, file.size(), steady_now())) << "anna has her share";
    auto claim = taken->body.source->release_memory();
    ASSERT_TRUE(claim);
    EXPECT_TRUE(claim->reserve(file.size(), steady_now()));
    EXPECT_FALSE(taken->body.source->release_memory()) << "once";
    EXPECT_EQ(*read_file(*taken->body.source), file);
}

/// A body that trickles, while somebody else needs the memory; it ends its wait as that of a client does.
class trickle final : public body_source {
public:
    explicit trickle(limits::shared_bytes& memory) : memory_(memory) {}

    std::uint64_t size_bytes() const override { return 1'000'000; }
    task<result<std::size_t>> read_some(std::span<char> space, deadline) override {
        if (given_ > 20'000 && !memory_.take(sharer_of("quiet"), 30'000'000, steady_now() + seconds{60}))
            if (lost_ && lost_->load()) co_return failure(errc::overloaded, "lost");
        if (given_ > 30'000) co_return std::size_t{0};
        space[0] = '1';
        ++given_;
        co_return std::size_t{1};
    }
    void give_way_when(const std::atomic<bool>* lost) override { lost_ = lost; }
    bool is_watching() const { return lost_ != nullptr; }

private:
    limits::shared_bytes& memory_;
    const std::atomic<bool>* lost_ = nullptr;
    int given_ = 0;
};

TEST_F(Trickling, L09AuditIAJsonBodyCountsWithWhatReallyComes) {
    trickle body(memory);
    std::optional<limits::shared_bytes::permit> claim;
    const body_memory room{&memory, sharer_of("greedy"), &claim};
    const auto got = run_on(loop, read_whole(body, 1 << 20, soon(), room));
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code(), errc::overloaded);
    EXPECT_FALSE(body.is_watching());
}

INSTANTIATE_TEST_SUITE_P(InPieces, Bodies, ::testing::Values(1, 7, 1000, 1 << 20));

/// Forms larger than one chunk; in large pieces because of their size.
class LargeForms : public Bodies {
protected:
    const std::string file = std::string(12'000'000, 'v');
    const std::string in = input_part("{}");
    const std::string alone = in + file_part(file);
    const std::string told = in + file_part(file, length_field(file));
};

TEST_P(LargeForms, FaultAOnlyWhatLeavesNothingUnknownIsStreamed) {
    EXPECT_EQ(buffering_of(told + "--b0--"), buffering::none);
    EXPECT_EQ(buffering_of(told + "--b0--\r\n"), buffering::none);
    EXPECT_EQ(buffering_of(told + "--b0-- \r\n"), buffering::on_disk);
    EXPECT_EQ(buffering_of(told + "--b0--\r\nan epilogue"), buffering::on_disk);
    EXPECT_EQ(buffering_of(told + in + "--b0--\r\n"), buffering::on_disk);
    EXPECT_EQ(buffering_of(alone + "--b0--\r\n"), buffering::on_disk);
    EXPECT_EQ(buffering_of(alone + "--b0--"), buffering::on_disk);
    const std::string small(9'000'000, 'v');
    EXPECT_EQ(buffering_of(file_part(small) + "--b0--"), buffering::in_memory);
    EXPECT_EQ(buffering_of(file_part(small, length_field(small)) + "--b0--"), buffering::in_memory);
}

TEST_P(LargeForms, FaultAWhatIsStreamedIsHeldAgainstItsLengthToTheEnd) {
    pieces raw(told + "--b0--", GetParam());
    auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
    ASSERT_TRUE(taken);
    ASSERT_TRUE(take_rest(*taken));
    EXPECT_LT(raw.taken(), 1'000'000U);
    EXPECT_EQ(taken->body.source->size_bytes(), file.size());
    EXPECT_EQ(run_on(loop, read_whole(*taken->body.source, file.size(), soon())).value(), file);
    EXPECT_EQ(raw.taken(), raw.size_bytes());
    pieces lies(told + "--b1--", GetParam());
    auto lying = take(asking("TIKTOK_UPLOAD_VIDEO", lies, as_form));
    ASSERT_TRUE(lying);
    ASSERT_TRUE(take_rest(*lying));
    EXPECT_EQ(run_on(loop, read_whole(*lying->body.source, file.size(), soon())).error().code(),
              errc::malformed_request);
}

TEST_P(LargeForms, FaultAWhatIsStagedIsKnownWholeAndLeavesNothingBehind) {
    for (const std::string& body : {alone + "--b0--", alone + "--b0--\r\n", told + "--b0--\r\nan epilogue"}) {
        pieces raw(body, GetParam());
        auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
        ASSERT_TRUE(taken);
        ASSERT_TRUE(take_rest(*taken));
        EXPECT_EQ(taken->body.source->size_bytes(), file.size());
        EXPECT_EQ(run_on(loop, read_whole(*taken->body.source, file.size(), soon())).value(), file);
        EXPECT_EQ(files_on_disk(), 1U);
        taken = result<intake>(intake{});
        EXPECT_EQ(files_on_disk(), 0U);
        EXPECT_TRUE(room_is_free());
    }
}

TEST_P(LargeForms, FaultAAStagedFormCanBeKeptWithoutBeingWrittenAgain) {
    pieces raw(alone + "--b0--", GetParam());
    auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
    ASSERT_TRUE(taken);
    ASSERT_TRUE(take_rest(*taken));
    auto* const lies_in = taken->form->staged_in();
    ASSERT_TRUE(lies_in);
    const auto now = wall_now();
    const auto kept = run_on(loop, lies_in->finish("video/mp4", now, soon()));
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->size_bytes, file.size());
    EXPECT_EQ(kept->expires_at, now + seconds{24 * 3'600});
    taken = result<intake>(intake{});
    auto again = run_on(loop, staged_file_store->open(caller_name::trusted("anna"), kept->id, now, soon()));
    ASSERT_TRUE(again);
    EXPECT_EQ(run_on(loop, read_whole(**again, file.size(), soon())).value(), file);
}

TEST_P(LargeForms, FaultAWhatIsNoFormIsFoundWhileItIsStagedAndLeavesNothingBehind) {
    const auto verdict = [&](const std::string& body) {
        pieces raw(body, GetParam());
        auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
        const auto whole = taken ? take_rest(*taken) : result<void>(taken.error());
        return whole ? std::string("taken") : std::string(facts(whole.error().code()).name);
    };
    EXPECT_EQ(verdict(alone + "--b1--\r\n"), "malformed_request");
    EXPECT_EQ(verdict(alone), "malformed_request");
    EXPECT_EQ(verdict(alone + file_part("x") + "--b0--\r\n"), "invalid_input");
    EXPECT_EQ(verdict(alone + in + "--b0--\r\n"), "invalid_input");
    EXPECT_EQ(verdict(told + in + "--b0--\r\n"), "invalid_input");
    EXPECT_EQ(verdict(file_part(file) + in + "--b0--\r\n"), "invalid_input");
    EXPECT_EQ(files_on_disk(), 0U);
    EXPECT_TRUE(room_is_free());
}

TEST_P(LargeForms, FaultARoomThatIsUsedUpIsSaidBeforeTheFileIsRead) {
    auto occupied =
        run_on(loop, staged_file_store->begin(caller_name::trusted("bert"), 25'000'000, 1, soon()));
    ASSERT_TRUE(occupied && run_on(loop, (*occupied)->write(std::string(25'000'000, 'x'), soon())));
    pieces raw(alone + "--b0--", GetParam());
    auto taken = take(asking("TIKTOK_UPLOAD_VIDEO", raw, as_form));
    ASSERT_TRUE(taken);
    EXPECT_EQ(take_rest(*taken).error().code(), errc::overloaded);
    EXPECT_LT(raw.taken(), 1'000'000U);
    occupied->reset();
    taken = result<intake>(intake{});
    const auto memory_left = memory.take(anna, memory_bytes - 500'000, steady_now());
    pieces small(form_of("{}", std::string(600'000, 'v')), GetParam());
    auto held = take(asking("TIKTOK_UPLOAD_VIDEO", small, as_form));
    ASSERT_TRUE(held);
    EXPECT_EQ(take_rest(*held).error().code(), errc::overloaded);
    EXPECT_LT(small.taken(), 600'000U);
}

TEST_P(LargeForms, M08AuditIEachFormsBufferIsPartOfTheMemoryOfUploads) {
    const auto others = memory.take(anna, memory_bytes - 100'000, steady_now());
    pieces first(told + "--b0--", GetParam());
    const auto streamed = take(asking("TIKTOK_UPLOAD_VIDEO", first, as_form));
    ASSERT_TRUE(streamed);
    pieces second(told + "--b0--", GetParam());
    const auto refused = take(asking("TIKTOK_UPLOAD_VIDEO", second, as_form));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), errc::overloaded);
    EXPECT_EQ(second.taken(), 0U);
}

INSTANTIATE_TEST_SUITE_P(InPieces, LargeForms, ::testing::Values(30'011, 1 << 20));

} // namespace
} // namespace gateway::pipeline
