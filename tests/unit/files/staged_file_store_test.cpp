#include "files/staged_file_store.hpp"

#include "base/digest.hpp"
#include "runtime/blocking.hpp"
#include "store/store.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace gateway::testing {
namespace {

/// Bytes from memory; may announce a wrong size, or fail in the middle.
class memory_body final : public body_source {
public:
    explicit memory_body(std::string bytes) : bytes_(std::move(bytes)), announced_(bytes_.size()) {}
    memory_body(std::string bytes, std::uint64_t announced)
        : bytes_(std::move(bytes)), announced_(announced) {}

    std::uint64_t size_bytes() const override { return announced_; }
    task<result<std::size_t>> read_some(std::span<char> space, deadline) override {
        if (at_ >= breaks_at) co_return failure(errc::malformed_request, "gone");
        const std::size_t count = std::min({space.size(), bytes_.size() - at_, std::size_t{70'000}});
        std::copy_n(bytes_.data() + at_, count, space.data());
        at_ += count;
        co_return count;
    }
    std::size_t breaks_at = static_cast<std::size_t>(-1);

private:
    std::string bytes_;
    std::uint64_t announced_;
    std::size_t at_ = 0;
};

const wall_time now = from_unix_ms(1'795'000'000'000);
const wall_time tomorrow = now + seconds{25 * 3'600};

class Shelf : public ::testing::Test {
protected:
    Shelf() {
        auto opened = store::open_store("sqlite:" + folder.file("gateway.db"));
        if (!opened) throw std::runtime_error(opened.error().message());
        store = std::move(*opened);
        settings.directory = folder.file("files");
        settings.quota_bytes = 1'000'000;
        open_shelf();
    }
    void open_shelf() {
        staged_file_store = std::make_unique<files::staged_file_store>(store->files, pool, settings);
    }

    result<store::file_record> stage(memory_body& body, const char* caller = "anna") {
        return run_on(loop,
                      staged_file_store->stage(caller_name::trusted(caller), body, "video/mp4", now, soon()));
    }
    result<store::file_record> stage(std::string bytes, const char* caller = "anna") {
        memory_body body(std::move(bytes));
        return stage(body, caller);
    }
    result<store::file_record> find(const file_id& id, const char* caller = "anna", wall_time when = now) {
        return run_on(loop, staged_file_store->find(caller_name::trusted(caller), id, when, soon()));
    }
    std::size_t files_on_disk() const {
        std::size_t count = 0;
        for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(settings.directory))
            ++count;
        return count;
    }
    std::string read_all(const file_id& id) {
        auto source = run_on(loop, staged_file_store->open(caller_name::trusted("anna"), id, now, soon()));
        if (!source) return "failed: " + source.error().message();
        std::string out;
        std::vector<char> space(100'000);
        for (;;) {
            auto count = run_on(loop, (*source)->read_some(space, soon()));
            if (!count || *count == 0) return out;
            out.append(space.data(), *count);
        }
    }

    temporary_folder folder;
    worker loop;
    blocking_pool pool{2, 64};
    settings::files settings;
    std::unique_ptr<store::store> store;
    std::unique_ptr<files::staged_file_store> staged_file_store;
};

TEST_F(Shelf, GivesBackExactlyWhatWasStaged) {
    const std::string bytes = random_bytes(700'001);
    const auto staged = stage(bytes);
    ASSERT_TRUE(staged);
    EXPECT_EQ(staged->size_bytes, bytes.size());
    EXPECT_EQ(staged->sha256, to_hex(sha256(bytes)));
    EXPECT_EQ(staged->expires_at, now + seconds{24 * 3'600});
    EXPECT_TRUE(check_file_id(staged->id.text()));
    EXPECT_EQ(read_all(staged->id), bytes);
}

TEST_F(Shelf, KeepsItsFilesToTheOwnerOfTheProcess) {
    const auto staged = stage("bytes");
    struct stat facts {};
    ASSERT_EQ(::stat((settings.directory + "/" + staged->id.text()).c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    ASSERT_EQ(::stat(settings.directory.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0700U);
}

TEST_F(Shelf, C27KnowsNoFileOfAnotherCaller) {
    const auto staged = stage("bytes");
    const auto other = find(staged->id, "bert");
    const auto none = find(file_id::trusted("file_01JD0000000000000000000000"));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code(), errc::no_such_file);
    EXPECT_EQ(other.error().message(), none.error().message());
    EXPECT_FALSE(
        run_on(loop, staged_file_store->remove(caller_name::trusted("bert"), staged->id, now, soon())));
    EXPECT_TRUE(find(staged->id));
}

TEST_F(Shelf, ForgetsWhatIsRemovedAndWhatHasExpired) {
    const auto first = stage("first");
    const auto second = stage("second");
    EXPECT_TRUE(
        run_on(loop, staged_file_store->remove(caller_name::trusted("anna"), first->id, now, soon())));
    EXPECT_FALSE(find(first->id));
    EXPECT_EQ(files_on_disk(), 1U);
    EXPECT_FALSE(find(second->id, "anna", tomorrow));
    EXPECT_EQ(*run_on(loop, staged_file_store->sweep(now, soon())), 0U);
    EXPECT_EQ(*run_on(loop, staged_file_store->sweep(tomorrow, soon())), 1U);
    EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(Shelf, M01LeavesNothingOfABodyThatBreaksOff) {
    for (const std::size_t breaks_at : {std::size_t{0}, std::size_t{140'000}, std::size_t{290'000}}) {
        memory_body body(std::string(300'000, 'x'));
        body.breaks_at = breaks_at;
        const auto broken = stage(body);
        ASSERT_FALSE(broken);
        EXPECT_EQ(broken.error().code(), errc::malformed_request);
        EXPECT_EQ(files_on_disk(), 0U);
    }
    EXPECT_TRUE(stage(std::string(900'000, 'y'))) << "the room must be free again";
}

TEST_F(Shelf, M06RefusesABodyOfAnotherSizeThanAnnounced) {
    memory_body shorter(std::string(10, 'x'), 11);
    EXPECT_EQ(stage(shorter).error().code(), errc::malformed_request);
    memory_body longer(std::string(10, 'x'), 9);
    EXPECT_EQ(stage(longer).error().code(), errc::malformed_request);
    memory_body empty(std::string{});
    EXPECT_EQ(stage(empty).error().code(), errc::invalid_input);
    memory_body huge(std::string(10, 'x'), (4ULL << 30) + 1);
    EXPECT_EQ(stage(huge).error().code(), errc::too_large);
    EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(Shelf, RefusesWhatItsQuotaCannotHold) {
    ASSERT_TRUE(stage(std::string(600'000, 'x')));
    const auto second = stage(std::string(400'001, 'x'));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), errc::overloaded);
    EXPECT_TRUE(stage(std::string(400'000, 'x')));

    const auto coming = run_on(loop, staged_file_store->begin(caller_name::trusted("anna"), 1, 24, soon()));
    EXPECT_EQ(coming.error().code(), errc::overloaded);
}

TEST_F(Shelf, CountsWhatIsOnItsWayAgainstTheQuota) {
    auto coming = run_on(loop, staged_file_store->begin(caller_name::trusted("anna"), 700'000, 24, soon()));
    ASSERT_TRUE(coming);
    EXPECT_FALSE(stage(std::string(400'000, 'x')));
    coming->reset();
    EXPECT_EQ(files_on_disk(), 0U);
    EXPECT_TRUE(stage(std::string(400'000, 'x')));
}

TEST_F(Shelf, RemovesTemporaryFilesOfAnEarlierLife) {
    const auto kept = stage("kept");
    std::ofstream(settings.directory + "/file_01JD0000000000000000000000.part") << "half";
    open_shelf();
    EXPECT_EQ(files_on_disk(), 1U);
    EXPECT_EQ(read_all(kept->id), "kept");
}

TEST_F(Shelf, RemovesFilesOfAnEarlierLifeThatHaveNoRecord) {
    const auto kept = stage("kept");
    std::ofstream(settings.directory + "/file_01JD0000000000000000000000") << "renamed, never recorded";
    std::ofstream(settings.directory + "/notes.txt") << "not ours";
    open_shelf();
    const auto fresh = stage("fresh");
    EXPECT_EQ(*run_on(loop, staged_file_store->sweep(now, soon())), 0U);
    EXPECT_EQ(files_on_disk(), 3U);
    EXPECT_EQ(read_all(kept->id), "kept");
    EXPECT_EQ(read_all(fresh->id), "fresh");
}

TEST_F(Shelf, RefusesToStartWhereItCannotWrite) {
    settings.directory = folder.file("gateway.db");
    EXPECT_THROW(open_shelf(), std::runtime_error);
}

} // namespace
} // namespace gateway::testing
