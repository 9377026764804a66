#include "files/staged_file_store.hpp"

#include "base/digest.hpp"
#include "runtime/blocking.hpp"
#include "store/store.hpp"
#include "unit/runtime/run_on.hpp"
#include "unit/store/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

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
        auto report = [this](const file_id& file, std::string_view what) {
            const std::lock_guard lock(reports_lock);
            reports.push_back(file.text() + ": " + std::string(what));
        };
        staged_file_store.reset();
        staged_file_store = std::make_unique<files::staged_file_store>(store->files, pool, memory, settings,
                                                                       callers, std::move(report));
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

    result<std::unique_ptr<body_source>> open(const file_id& id) {
        return run_on(loop, staged_file_store->open(caller_name::trusted("anna"), id, now, soon()));
    }
    /// How many bytes a source gives before it fails with a fault of ours, which it then does again; or a
    /// text that says what happened instead.
    std::string bytes_before_the_fault(body_source& source) {
        std::size_t given = 0;
        std::vector<char> space(100'000);
        for (;;) {
            auto count = run_on(loop, source.read_some(space, soon()));
            if (count && *count == 0) return "it ends after " + std::to_string(given);
            if (count) {
                given += *count;
                continue;
            }
            const auto again = run_on(loop, source.read_some(space, soon()));
            if (count.error().code() != errc::internal || again) return count.error().message();
            return std::to_string(given);
        }
    }
    std::string path_of(const file_id& id) const { return settings.directory + "/" + id.text(); }
    void change_byte(const file_id& id, std::streamoff at) const {
        std::fstream file(path_of(id), std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(at);
        const auto byte = static_cast<char>(file.get() ^ 1);
        file.seekp(at);
        file.put(byte);
    }

    temporary_folder folder;
    worker loop;
    blocking_pool pool{2, 64};
    caller_count callers;
    limits::shared_bytes memory{4'000'000, 64 * 1024, callers};
    std::mutex reports_lock;
    std::vector<std::string> reports;
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
    const auto second = stage(std::string(410'000, 'x')); // blocks of 4,096 bytes count
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), errc::overloaded);
    EXPECT_TRUE(stage(std::string(400'000, 'x')));

    const auto coming = run_on(loop, staged_file_store->begin(caller_name::trusted("anna"), 1, 24, soon()));
    EXPECT_EQ(coming.error().code(), errc::overloaded);
}

TEST_F(Shelf, L09AuditICountsWhatHasComeAndNotWhatWasAnnounced) {
    auto coming = run_on(loop, staged_file_store->begin(caller_name::trusted("anna"), 700'000, 24, soon()));
    ASSERT_TRUE(coming);
    EXPECT_TRUE(stage(std::string(400'000, 'x'))) << "nothing has come of the other one";
    EXPECT_TRUE(run_on(loop, (*coming)->write(std::string(500'000, 'y'), soon())));
    EXPECT_EQ(stage(std::string(400'000, 'x')).error().code(), errc::overloaded);
    const auto more = run_on(loop, (*coming)->write(std::string(200'000, 'y'), soon()));
    const auto end = run_on(loop, (*coming)->finish("video/mp4", now, soon()));
    EXPECT_FALSE(more && end) << "the room was used up meanwhile";
    coming->reset();
    EXPECT_EQ(files_on_disk(), 1U);
    EXPECT_TRUE(stage(std::string(400'000, 'x')));
}

TEST_F(Shelf, L09AuditIOneCallersFilesLeaveRoomForThoseOfAnother) {
    callers.set(2);
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(stage(std::string(98'000, 'x'), "greedy"));
    EXPECT_EQ(stage(std::string(98'000, 'x'), "greedy").error().code(), errc::overloaded);
    EXPECT_TRUE(stage(std::string(98'000, 'x'), "quiet"));
    EXPECT_TRUE(stage(std::string(98'000, 'x'), "quiet")) << "up to a quarter";
    EXPECT_FALSE(stage(std::string(98'000, 'x'), "quiet"));
    EXPECT_TRUE(stage(std::string(98'000, 'x'), "third"));
}

TEST_F(Shelf, L09AuditIAFileThatBeganEarlyDoesNotEscapeTheShare) {
    callers.set(2);
    auto early = run_on(loop, staged_file_store->begin(caller_name::trusted("greedy"), 400'000, 24, soon()));
    ASSERT_TRUE(early) << "nothing is stored yet";
    for (int i = 0; i < 5; ++i)
        ASSERT_TRUE(stage(std::string(98'000, 'x'), "greedy"));
    EXPECT_EQ(run_on(loop, (*early)->write(std::string(400'000, 'y'), soon())).error().code(),
              errc::overloaded);
    early->reset();
    EXPECT_TRUE(stage(std::string(98'000, 'x'), "quiet"));
}

TEST_F(Shelf, L09AuditIWhatIsRecordedElsewhereCountsWhenAFileIsRecorded) {
    callers.set(2);
    auto early = run_on(loop, staged_file_store->begin(caller_name::trusted("greedy"), 200'000, 24, soon()));
    ASSERT_TRUE(early && run_on(loop, (*early)->write(std::string(200'000, 'y'), soon())));
    store::file_record row; // by another replica
    row.id = file_id::trusted("file_01JD0000000000000000000000");
    row.caller = caller_name::trusted("greedy");
    row.size_bytes = 500'000;
    row.expires_at = tomorrow;
    ASSERT_TRUE(run_on(loop, store->files.put(row, {{1'000, 1'000'000}}, soon())));
    EXPECT_EQ(run_on(loop, (*early)->finish("video/mp4", now, soon())).error().code(), errc::overloaded);
}

TEST_F(Shelf, L09AuditIACallerWithoutFilesFindsRoomForALargeOne) {
    callers.set(2);
    for (int i = 0; i < 2; ++i)
        ASSERT_TRUE(stage(std::string(98'000, 'x'), "greedy"));
    EXPECT_TRUE(stage(std::string(600'000, 'y'), "quiet")) << "more than a quarter, and half is not free";
    EXPECT_FALSE(stage("y", "quiet"));
    EXPECT_TRUE(stage("x", "greedy"));
}

TEST_F(Shelf, RoomThatBecameFreeMeanwhileIsFoundInTheMiddleOfAFile) {
    auto early = run_on(loop, staged_file_store->begin(caller_name::trusted("anna"), 800'000, 24, soon()));
    const auto other = stage(std::string(500'000, 'x'));
    ASSERT_TRUE(early && other);
    ASSERT_TRUE(
        run_on(loop, staged_file_store->remove(caller_name::trusted("anna"), other->id, now, soon())));
    EXPECT_TRUE(run_on(loop, (*early)->write(std::string(800'000, 'y'), soon())));
    EXPECT_TRUE(run_on(loop, (*early)->finish("video/mp4", now, soon())));
}

TEST_F(Shelf, M08AuditIABufferOfAFileThatComesIsPartOfTheMemoryOfUploads) {
    const auto all = memory.take(sharer_of("bert"), 4'000'000 - 600'000, steady_now());
    const auto begin = [this] {
        return run_on(loop, staged_file_store->begin(caller_name::trusted("anna"), 700'000, 24, soon()));
    };
    auto first = begin();
    const auto second = begin();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(begin().error().code(), errc::overloaded);
    EXPECT_TRUE(stage(std::string(1'000, 'x'))) << "a small file needs little";
    EXPECT_EQ(stage(std::string(300'000, 'x')).error().code(), errc::overloaded);
    ASSERT_TRUE(run_on(loop, (*first)->write(std::string(700'000, 'x'), soon())));
    ASSERT_TRUE(run_on(loop, (*first)->finish("video/mp4", now, soon())));
    EXPECT_TRUE(stage(std::string(150'000, 'x'))) << "a finished one needs none";
}

/// Its bytes stop coming, and somebody else needs the memory.
class stalling_body final : public body_source {
public:
    explicit stalling_body(limits::shared_bytes& memory) : memory_(memory) {}

    std::uint64_t size_bytes() const override { return 700'000; }
    task<result<std::size_t>> read_some(std::span<char> space, deadline) override {
        if (given_++ < 3) {
            space[0] = 'x';
            co_return std::size_t{1};
        }
        const auto later = steady_now() + seconds{60};
        EXPECT_FALSE(memory_.take(sharer_of("bert"), 4'000'000, later));
        const bool lost = lost_ && lost_->load();
        co_return failure(lost ? errc::overloaded : errc::request_timeout, "slow");
    }
    void give_way_when(const std::atomic<bool>* lost) override { lost_ = lost; }
    bool is_watching() const { return lost_ != nullptr; }

private:
    limits::shared_bytes& memory_;
    const std::atomic<bool>* lost_ = nullptr;
    int given_ = 0;
};

TEST_F(Shelf, L09AuditIAStagedFileThatTricklesLosesItsPlace) {
    callers.set(2);
    stalling_body body(memory);
    const auto ended =
        run_on(loop, staged_file_store->stage(caller_name::trusted("anna"), body, "video/mp4", now, soon()));
    EXPECT_EQ(ended.error().code(), errc::overloaded);
    EXPECT_FALSE(body.is_watching());
    EXPECT_TRUE(memory.take(sharer_of("bert"), 4'000'000, steady_now()));
}

TEST(EarlyWriteback, L09AuditILeavesAtMostTwoStepsToTheSync) {
    temporary_folder folder;
    std::ofstream(folder.file("large")) << "sparse";
    std::filesystem::resize_file(folder.file("large"), 10 * files::early_writeback::step_bytes);
    const descriptor file(::open(folder.file("large").c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(file.is_open());
    constexpr auto step = files::early_writeback::step_bytes;
    files::early_writeback disk;
    disk.reached(file, step - 1);
    EXPECT_EQ(disk.begun_bytes(), 0U);
    disk.reached(file, step);
    EXPECT_EQ(disk.begun_bytes(), step);
    for (std::uint64_t size = step; size <= 10 * step; size += step / 3) {
        disk.reached(file, size);
        ASSERT_LT(size - disk.begun_bytes(), step) << size;
        ASSERT_LE(disk.begun_bytes(), size);
    }
}

TEST_F(Shelf, AuditLFilesAreCountedInNumberToo) {
    settings.count_max = 8;
    open_shelf();
    callers.set(2);
    for (int i = 0; i < 4; ++i)
        ASSERT_TRUE(stage("x", "greedy"));
    EXPECT_EQ(stage("x", "greedy").error().code(), errc::overloaded);
    const auto quiet = stage("x", "quiet");
    ASSERT_TRUE(quiet);
    callers.set(1);
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(stage("x", "greedy"));
    EXPECT_FALSE(stage("x", "greedy"));
    const auto gone =
        run_on(loop, staged_file_store->remove(caller_name::trusted("quiet"), quiet->id, now, soon()));
    EXPECT_TRUE(gone && stage("x", "greedy"));
}

TEST_F(Shelf, AuditLASmallFileCountsWithItsBlock) {
    settings.quota_bytes = 10 * 4'096;
    open_shelf();
    for (int i = 0; i < 10; ++i)
        ASSERT_TRUE(stage("x"));
    EXPECT_EQ(stage("x").error().code(), errc::overloaded);
    EXPECT_EQ(*run_on(loop, staged_file_store->sweep(tomorrow, soon())), 10U);
    EXPECT_TRUE(stage(std::string(10 * 4'096, 'x')));
}

TEST_F(Shelf, RemovesTemporaryFilesOfAnEarlierLife) {
    const auto kept = stage("kept");
    std::ofstream(settings.directory + "/file_01JD0000000000000000000000.part") << "half";
    open_shelf();
    EXPECT_EQ(files_on_disk(), 1U);
    EXPECT_EQ(read_all(kept->id), "kept");
}

TEST_F(Shelf, K10DeathEWhatAnotherReplicaIsWritingSurvivesAStartAndASweep) {
    auto writing = run_on(loop, staged_file_store->begin(caller_name::trusted("anna"), 10, 1, soon()));
    ASSERT_TRUE(writing);
    ASSERT_TRUE(run_on(loop, (*writing)->write("0123456789", soon())));
    files::staged_file_store starting(store->files, pool, memory, settings, callers);
    EXPECT_EQ(files_on_disk(), 1U);
    EXPECT_TRUE(run_on(loop, starting.sweep(now, soon())));
    const auto record = run_on(loop, (*writing)->finish("video/mp4", now, soon()));
    ASSERT_TRUE(record) << record.error().message();
    EXPECT_EQ(read_all(record->id), "0123456789");
}

/// A writer in another process, which dies without a word.
TEST_F(Shelf, K10DeathEWhatADeadWriterLeftBehindIsClearedByThoseWhoLive) {
    const std::string path = settings.directory + "/file_01JD0000000000000000000000.part";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
    ASSERT_EQ(::flock(file, LOCK_EX), 0);
    EXPECT_TRUE(run_on(loop, staged_file_store->sweep(now, soon())));
    EXPECT_EQ(files_on_disk(), 1U);
    ::close(file); // as the kernel does with the files of a dead process
    EXPECT_TRUE(run_on(loop, staged_file_store->sweep(now, soon())));
    EXPECT_EQ(files_on_disk(), 0U);
}

TEST_F(Shelf, K10DeathEAFileThatAnotherReplicaIsAboutToRecordIsNotTakenForAnOrphan) {
    const std::string path = settings.directory + "/file_01JD0000000000000000000000";
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT, 0600);
    ASSERT_EQ(::flock(file, LOCK_EX), 0);
    open_shelf();
    EXPECT_TRUE(run_on(loop, staged_file_store->sweep(now, soon())));
    EXPECT_EQ(files_on_disk(), 1U);
    ::close(file);
    EXPECT_TRUE(run_on(loop, staged_file_store->sweep(now, soon())));
    EXPECT_EQ(files_on_disk(), 0U);
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

TEST_F(Shelf, AuditOGivesTheLastByteOnlyOfTheBytesThatWereStored) {
    const auto staged = stage(random_bytes(250'000));
    for (const std::streamoff at : {0, 120'000, 249'999}) {
        change_byte(staged->id, at);
        auto source = open(staged->id);
        ASSERT_TRUE(source);
        EXPECT_EQ(bytes_before_the_fault(**source), "200000") << at;
        change_byte(staged->id, at);
    }
    EXPECT_EQ(read_all(staged->id).size(), 250'000U) << "it is what it was again";
    EXPECT_EQ(staged_file_store->damaged(), 3U);
    ASSERT_EQ(reports.size(), 3U);
    EXPECT_EQ(reports[0], staged->id.text() + ": its bytes are not those that were stored");
}

TEST_F(Shelf, AuditOAFileThatWasCutOrHasGrownIsAFaultOfOurs) {
    const auto staged = stage(random_bytes(250'000));
    auto source = open(staged->id);
    for (const std::uintmax_t size : {100'000U, 0U, 250'001U}) {
        std::filesystem::resize_file(path_of(staged->id), size);
        const auto refused = open(staged->id);
        ASSERT_FALSE(refused) << size;
        EXPECT_EQ(refused.error().code(), errc::internal);
    }
    std::filesystem::resize_file(path_of(staged->id), 200'000);
    EXPECT_EQ(bytes_before_the_fault(**source), "200000") << "cut after it was opened";
    EXPECT_EQ(staged_file_store->damaged(), 4U);
}

TEST_F(Shelf, AuditOAFileThatTheDiskLostIsAFaultOfOursAndARemovedOneIsNone) {
    const auto staged = stage(random_bytes(1'000));
    std::filesystem::remove(path_of(staged->id));
    EXPECT_EQ(open(staged->id).error().code(), errc::internal);
    EXPECT_EQ(staged_file_store->damaged(), 1U);
    ASSERT_TRUE(
        run_on(loop, staged_file_store->remove(caller_name::trusted("anna"), staged->id, now, soon())));
    EXPECT_EQ(open(staged->id).error().code(), errc::no_such_file);
    EXPECT_EQ(staged_file_store->damaged(), 1U);
}

TEST_F(Shelf, AuditOFollowsNoLinkAndOpensNothingButFiles) {
    std::ofstream(folder.file("victim")) << std::string(1'000, 'v');
    const auto staged = stage(std::string(1'000, 'v'));
    std::filesystem::remove(path_of(staged->id));
    std::filesystem::create_symlink(folder.file("victim"), path_of(staged->id));
    EXPECT_EQ(open(staged->id).error().code(), errc::internal) << "though the bytes are the same";
    std::filesystem::remove(path_of(staged->id));
    ASSERT_EQ(::mkfifo(path_of(staged->id).c_str(), 0600), 0);
    EXPECT_EQ(open(staged->id).error().code(), errc::internal);
    EXPECT_EQ(staged_file_store->damaged(), 2U);
    std::filesystem::remove(path_of(staged->id));
    std::filesystem::create_symlink(folder.file("victim"), path_of(staged->id));
    ASSERT_TRUE(
        run_on(loop, staged_file_store->remove(caller_name::trusted("anna"), staged->id, now, soon())));
    EXPECT_FALSE(std::filesystem::exists(path_of(staged->id)));
    EXPECT_TRUE(std::filesystem::exists(folder.file("victim")));
}

TEST_F(Shelf, AuditOARowLeadsNowhereOutsideOfTheFolder) {
    std::ofstream(folder.file("victim")) << "theirs";
    std::filesystem::create_directory(settings.directory + "/below");
    for (const std::string id :
         {"../victim", "/etc/passwd", "below/../../victim", "..", ".", "", "gateway.db"}) {
        store::file_record row;
        row.id = file_id::trusted(id);
        row.caller = caller_name::trusted("anna");
        row.size_bytes = 6;
        row.sha256 = to_hex(sha256("theirs"));
        row.expires_at = tomorrow;
        ASSERT_TRUE(run_on(loop, store->files.put(row, {{1'000, 1'000'000}}, soon())));
        EXPECT_EQ(open(row.id).error().code(), errc::no_such_file) << id;
    }
    EXPECT_EQ(*run_on(loop, staged_file_store->sweep(tomorrow, soon())), 7U);
    EXPECT_TRUE(std::filesystem::exists(folder.file("victim")));
    EXPECT_TRUE(std::filesystem::exists(folder.file("gateway.db")));
    EXPECT_EQ(staged_file_store->damaged(), 7U);
}

TEST_F(Shelf, AuditOReadsThePlaceFromTheIdWhateverTheRowSays) {
    std::ofstream(folder.file("victim")) << "theirs";
    const auto staged = stage("ours");
    sqlite3* at = nullptr;
    ASSERT_EQ(sqlite3_open(folder.file("gateway.db").c_str(), &at), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(at, "UPDATE files SET path = '../victim'", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(at);
    EXPECT_EQ(read_all(staged->id), "ours");
    EXPECT_EQ(*run_on(loop, staged_file_store->sweep(tomorrow, soon())), 1U);
    EXPECT_TRUE(std::filesystem::exists(folder.file("victim")));
}

TEST_F(Shelf, AuditQRefusesAFolderIntoWhichOthersMayLook) {
    for (const ::mode_t mode : {0777U, 01777U, 0755U, 0701U}) {
        ASSERT_EQ(::chmod(settings.directory.c_str(), mode), 0);
        EXPECT_THROW(open_shelf(), std::runtime_error);
    }
    ASSERT_EQ(::chmod(settings.directory.c_str(), 02770), 0); // as fsGroup makes it
    open_shelf();
}

TEST_F(Shelf, RefusesToStartWhereItCannotWrite) {
    settings.directory = folder.file("gateway.db");
    EXPECT_THROW(open_shelf(), std::runtime_error);
}

} // namespace
} // namespace gateway::testing
