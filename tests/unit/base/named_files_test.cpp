// The words for files and folders that cannot be used.
#include "base/named_files.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace gateway {
namespace {

namespace fs = std::filesystem;

class NamedFile : public testing::Test {
protected:
    NamedFile() {
        std::string name = (fs::temp_directory_path() / "named_files_XXXXXX").string();
        if (mkdtemp(name.data()) != nullptr) folder = name;
    }
    ~NamedFile() override { fs::remove_all(folder); }

    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(folder / name, std::ios::binary) << text;
        return path_of(name);
    }
    std::string path_of(const std::string& name) const { return (folder / name).string(); }

    fs::path folder;
};

TEST_F(NamedFile, HourKIsReadWholeUpToItsBound) {
    const std::string bytes("a\0b\n", 4);
    const auto read = read_named_file(write("file", bytes), 4);
    EXPECT_EQ(read.text, bytes);
    EXPECT_EQ(read.wrong, "");
    EXPECT_EQ(read_named_file(path_of("file"), 3).text, "");
    EXPECT_EQ(read_named_file(path_of("file"), 3).wrong, "is larger than 0 KiB");
    EXPECT_EQ(describe_unreadable(write("large", std::string(64 * 1024 + 1, 'x')), secret_file_bytes_max),
              "is larger than 64 KiB");
    EXPECT_EQ(describe_unreadable(path_of("large")), "");
}

TEST_F(NamedFile, HourKSaysWhatIsInItsPlace) {
    EXPECT_EQ(describe_unreadable(path_of("none")), "cannot be read: no such file");
    EXPECT_EQ(describe_unreadable(path_of("a/b/none")),
              "cannot be read: there is no folder " + path_of("a/b"));
    EXPECT_EQ(describe_unreadable(folder.string()), "is a folder, not a file");
    const auto empty = read_named_file(write("empty", ""), 10);
    EXPECT_EQ(empty.wrong, "is empty");
    EXPECT_TRUE(empty.is_empty);
    EXPECT_EQ(describe_unreadable(path_of("empty/below")),
              "cannot be read: what its name has before a slash is no folder");
    fs::create_symlink("gone", folder / "link");
    EXPECT_EQ(describe_unreadable(path_of("link")),
              "cannot be read: no such file (it is a link to gone, which is not there)");
    fs::create_symlink("circle", folder / "circle");
    EXPECT_EQ(describe_unreadable(path_of("circle")), "cannot be read: Too many levels of symbolic links");
}

TEST_F(NamedFile, HourKMayBeAPipeThatIsWrittenLate) {
    ASSERT_EQ(mkfifo(path_of("pipe").c_str(), 0600), 0);
    EXPECT_EQ(describe_unreadable(path_of("pipe")),
              "is a pipe, which is empty when it is read again; name a file");
    EXPECT_EQ(read_named_file(path_of("pipe"), 10).wrong, "is empty") << "nobody writes";
    const int pipe = open(path_of("pipe").c_str(), O_RDWR | O_CLOEXEC);
    std::string text;
    std::thread reader([&] { text = read_named_file(path_of("pipe"), 10).text; });
    EXPECT_EQ(::write(pipe, "late", 4), 4);
    for (int left = 1; left > 0;) // until the reader has it: what nobody reads ends with the pipe
        ASSERT_EQ(::ioctl(pipe, FIONREAD, &left), 0);
    close(pipe);
    reader.join();
    EXPECT_EQ(text, "late");
}

TEST_F(NamedFile, HourKAFolderIsUsableWhereItIsOrCanBeMade) {
    EXPECT_EQ(describe_unusable_folder(folder.string()), "");
    EXPECT_EQ(describe_unusable_folder(folder.string() + "/"), "");
    EXPECT_EQ(describe_unusable_folder(path_of("new/below/it/")), "");
    EXPECT_FALSE(fs::exists(folder / "new")) << "it only looks";
    const auto file = write("file", "");
    EXPECT_EQ(describe_unusable_folder(file), file + " is not a folder");
    EXPECT_EQ(describe_unusable_folder(file + "/below"), file + " is not a folder");
    EXPECT_EQ(describe_file_in_the_way(file + "/below"), file + " is not a folder");
    EXPECT_EQ(describe_file_in_the_way(path_of("new/below/it/")), "");
    EXPECT_EQ(describe_unwritable(file), "");
    EXPECT_EQ(describe_unwritable(path_of("absent")), "");
    fs::create_symlink("circle", folder / "circle");
    EXPECT_EQ(describe_unusable_folder(path_of("circle/it")),
              "the folder " + path_of("circle/it") + " cannot be used: Too many levels of symbolic links");
    EXPECT_EQ(describe_file_in_the_way(path_of("circle/it")), "");
}

TEST_F(NamedFile, HourKASecretIsSharedWhereOthersMayReadOrChangeIt) {
    const auto file = write("secret", "x");
    for (const ::mode_t mode : {0400U, 0600U, 0640U, 0660U, 0601U}) {
        ::chmod(file.c_str(), mode);
        EXPECT_EQ(describe_shared_secret(file), "") << mode;
    }
    for (const ::mode_t mode : {0604U, 0644U, 0444U}) {
        ::chmod(file.c_str(), mode);
        EXPECT_EQ(describe_shared_secret(file), "may be read by every user of this machine") << mode;
    }
    ::chmod(file.c_str(), 0602);
    EXPECT_EQ(describe_shared_secret(file), "may be changed by every user of this machine");
    EXPECT_EQ(describe_shared_secret(path_of("absent")), "");
}

} // namespace
} // namespace gateway
