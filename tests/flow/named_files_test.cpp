// Files, folders and ports that the settings name and that cannot be used: the check, the start and SIGHUP
// say which, under which key and why, all at once and in the same words.
#include "flow/commands_test.hpp"
#include "harness/flow_test.hpp"
#include "harness/nobody.hpp"
#include "harness/sqlite_file.hpp"
#include "unit/runtime/certificates.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <unistd.h>

namespace {

using std::filesystem::perms;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A key whose value is the path of a file, and the variable that gives it.
struct file_key {
    std::string key, variable;
    std::size_t bytes_max;
    std::string bound_in_words;
};

constexpr std::size_t kib = 1024, mib = 1024 * kib;

const std::vector<file_key>& file_keys() {
    static const std::vector<file_key> all{
        {"tiktok.client_secret_file", "TIKTOK__CLIENT_SECRET_FILE", 64 * kib, "64 KiB"},
        {"store.url_file", "STORE__URL_FILE", 64 * kib, "64 KiB"},
        {"vault.keys_file", "VAULT__KEYS_FILE", 64 * kib, "64 KiB"},
        {"listen.tls.certificate_file", "LISTEN__TLS__CERTIFICATE_FILE", mib, "1 MiB"},
        {"listen.tls.private_key_file", "LISTEN__TLS__PRIVATE_KEY_FILE", mib, "1 MiB"},
        {"tiktok.ca_file", "TIKTOK__CA_FILE", 16 * mib, "16 MiB"},
    };
    return all;
}

class NamedFiles : public Commands {
protected:
    gateway::testing::certificate_authority authority;
    std::map<std::string, std::string> variables; // all keys of file_keys(), with files that are good

    void SetUp() override {
        const auto issued = authority.issue("localhost");
        const auto give = [this](const std::string& key, const std::string& path) {
            variables["TIKTOK_GATEWAY__" + key] = path;
        };
        give("TIKTOK__CLIENT_SECRET_FILE", folder.write("secret", "planted-4711-secret\n"));
        give("STORE__URL_FILE", folder.write("url", "sqlite:" + (folder.path() / "a.db").string()));
        give("VAULT__KEYS_FILE", harness::keys_file_in(folder));
        give("LISTEN__TLS__CERTIFICATE_FILE", folder.write("server.pem", issued.certificate_pem));
        give("LISTEN__TLS__PRIVATE_KEY_FILE", folder.write("server.key", issued.key_pem));
        give("TIKTOK__CA_FILE", folder.write("authorities.pem", authority.pem()));
    }

    std::string minimum() const {
        return folder.write("gateway.yaml", "tiktok: {client_key: a}\nlisten: {port: 0}\nadmin: {port: 0}\n");
    }

    static boost::json::object line_of(const harness::ended& start) {
        const auto line = start.output.substr(0, start.output.find('\n'));
        return boost::json::parse(line).as_object();
    }

    /// A key ring that nobody() may read and others may not.
    std::string keys_of_nobody() const {
        const auto file = harness::keys_file_in(folder);
        constexpr ::uid_t nobody = 65534;
        if (geteuid() == 0) {
            EXPECT_EQ(::chown(file.c_str(), nobody, nobody), 0);
        }
        std::filesystem::permissions(file, perms::owner_read);
        return file;
    }

    /// Check and start with these variables refuse in the same words; gives them.
    std::string refused(const std::string& file, const std::map<std::string, std::string>& with,
                        bool as_nobody = false) const {
        std::vector<std::string> command{GATEWAY_PROGRAM, "--config", file};
        if (as_nobody) command = harness::as_nobody(command, folder);
        const auto start = harness::run_to_end(command, folder, with);
        command.push_back("--check-config");
        const auto check = harness::run_to_end(command, folder, with);
        EXPECT_EQ(check.status, 78) << check.errors;
        EXPECT_EQ(start.status, 78) << start.errors;
        EXPECT_EQ(check.errors, start.errors);
        EXPECT_EQ(check.output, "");
        EXPECT_THAT(start.errors, Not(HasSubstr("planted-4711")));
        const auto line = line_of(start);
        EXPECT_EQ(line.at("event"), "start_failed");
        EXPECT_EQ(line.at("level"), "error");
        EXPECT_EQ(line.at("exit_status"), 78);
        keys = line.contains("keys") ? std::string(line.at("keys").as_string()) : std::string();
        return start.errors;
    }
    mutable std::string keys; // of the last line start_failed
};

TEST_F(NamedFiles, HourKEveryKeyTellsApartWhyItsFileCannotBeRead) {
    const auto fits = run({"--config", minimum(), "--check-config"}, variables);
    ASSERT_EQ(fits.status, 0) << fits.errors;
    for (const auto& one : file_keys()) {
        const auto expect = [&](const std::string& path, const std::string& words) {
            auto with = variables;
            with["TIKTOK_GATEWAY__" + one.variable] = path;
            const auto said = refused(minimum(), with);
            EXPECT_THAT(said, HasSubstr("\n  " + one.key + ": ")) << said;
            EXPECT_THAT(said, AllOf(HasSubstr(path), HasSubstr(words))) << one.key;
            EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << said;
            EXPECT_EQ(keys, one.key);
        };
        const auto in_it = [this](const char* name) { return (folder.path() / name).string(); };
        expect(in_it("absent"), "cannot be read: no such file");
        expect(in_it("no/absent"), "cannot be read: there is no folder " + in_it("no"));
        expect(folder.path().string(), "is a folder, not a file");
        expect(folder.write("empty", ""), "is empty");
        expect(folder.write("large", std::string(one.bytes_max + 1, '#')),
               "is larger than " + one.bound_in_words);
        std::filesystem::remove(in_it("link"));
        std::filesystem::create_symlink(in_it("gone"), in_it("link"));
        expect(in_it("link"), "it is a link to " + in_it("gone") + ", which is not there");
    }
}

TEST_F(NamedFiles, HourKWhatItsUserMayNotReadIsToldForAllKeysAtOnceWithTheNumbersOfBoth) {
    const auto file = minimum();
    std::filesystem::permissions(file, perms::owner_read | perms::group_read | perms::others_read);
    for (const auto& [variable, path] : variables)
        std::filesystem::permissions(path, perms::none);
    const auto said = refused(file, variables, true);
    const std::string words = "cannot be read: permission denied for " + harness::nobody_in_words()
                              + " (it belongs to " + harness::owner_in_words() + ", mode 0000)";
    for (const auto& one : file_keys()) {
        const auto at = said.find(one.key + ": ");
        ASSERT_NE(at, std::string::npos) << one.key << said;
        EXPECT_THAT(said.substr(at, said.find('\n', at) - at), HasSubstr(words)) << one.key;
        EXPECT_THAT(keys, HasSubstr(one.key));
    }
}

TEST_F(NamedFiles, HourKTheSettingsFileItselfIsToldTheSameWay) {
    EXPECT_THAT(refused("/nonexistent/gateway.yaml", variables),
                HasSubstr("the settings file /nonexistent/gateway.yaml cannot be read: there is no folder "
                          "/nonexistent"));
    EXPECT_THAT(refused(folder.path().string(), variables), HasSubstr("is a folder, not a file"));
    EXPECT_THAT(refused(folder.write("large.yaml", std::string(mib + 1, '#')), variables),
                HasSubstr("large.yaml is larger than 1 MiB"));
    const auto file = minimum();
    std::filesystem::permissions(file, perms::none);
    EXPECT_THAT(
        refused(file, variables, true),
        HasSubstr("gateway.yaml cannot be read: permission denied for " + harness::nobody_in_words()));
}

TEST_F(NamedFiles, HourKTheCheckAndTheStartTellEveryFaultOfEveryKindAtOnce) {
    const auto a_file = folder.write("a_file", "");
    variables["TIKTOK_GATEWAY__VAULT__KEYS_FILE"] = "/nonexistent/keys";
    variables["TIKTOK_GATEWAY__LISTEN__TLS__CERTIFICATE_FILE"] = "/nonexistent/server.pem";
    variables["TIKTOK_GATEWAY__LISTEN__TLS__PRIVATE_KEY_FILE"] = "/nonexistent/server.key";
    variables["TIKTOK_GATEWAY__TIKTOK__CA_FILE"] = a_file;
    variables.erase("TIKTOK_GATEWAY__STORE__URL_FILE");
    const auto said = refused(folder.write("gateway.yaml",
                                           "tiktok: {client_key: a, resolve: {a.test: nowhere}}\n"
                                           "listen: {port: many, prot: 1}\n"
                                           "workers: many\n"
                                           "store: {url: 'sqlite:/nonexistent/a.db'}\n"
                                           "files: {directory: "
                                               + a_file
                                               + "}\n"
                                                 "callers: [{name: a, key_sha256: "
                                               + std::string(64, 'a') + ", actions: [TIKTOK_NO]}]\n"),
                              variables);
    for (const char* key : {"listen.port", "listen.prot", "workers", "tiktok.resolve", "vault.keys_file",
                            "listen.tls.certificate_file", "listen.tls.private_key_file", "tiktok.ca_file",
                            "store.url", "files.directory", "callers[0].actions"}) {
        EXPECT_THAT(said, HasSubstr(std::string("\n  ") + key + ": "));
        EXPECT_THAT(keys, HasSubstr(key));
    }
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 12)
        << "what follows from another fault is told, too";
}

TEST_F(NamedFiles, HourKFoldersAndAStoreThatItsUserMayNotUseRefuseWith78) {
    const auto file = minimum();
    const auto closed = folder.path() / "closed";
    std::filesystem::create_directory(closed);
    folder.write("closed/a.db", "");
    std::filesystem::permissions(closed, perms::none);
    const std::string words = "permission denied for " + harness::nobody_in_words() + " (" + closed.string()
                              + " belongs to " + harness::owner_in_words() + ", mode 0000)";
    std::map<std::string, std::string> places{
        {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET", "planted-4711-secret"},
        {"TIKTOK_GATEWAY__VAULT__KEYS_FILE", "/nonexistent/keys"},
        {"TIKTOK_GATEWAY__FILES__DIRECTORY", (closed / "files").string()},
        {"TIKTOK_GATEWAY__VAULT__SPOOL_DIRECTORY", closed.string()},
        {"TIKTOK_GATEWAY__STORE__URL", "sqlite:" + (closed / "a.db").string()}};
    std::filesystem::permissions(file, perms::owner_read | perms::group_read | perms::others_read);
    const auto said = refused(file, places, true);
    std::filesystem::permissions(closed, perms::owner_all); // so that it can be deleted
    for (const std::string key : {"files.directory", "vault.spool_directory", "store.url"}) {
        const auto at = said.find(key + ": ");
        ASSERT_NE(at, std::string::npos) << key << said;
        EXPECT_THAT(said.substr(at, said.find('\n', at) - at), HasSubstr("permission denied for")) << key;
    }
    EXPECT_THAT(said, HasSubstr(words));
}

TEST_F(NamedFiles, HourKASpoolThatNobodyNamedAndThatCannotBeMadeIsRemarked) {
    const auto volume = folder.path() / "volume"; // it can be entered, and nothing can be made in it
    std::filesystem::create_directories(volume / "videos");
    std::filesystem::create_directories(volume / "data");
    std::vector<std::string> command{GATEWAY_PROGRAM, "--config", minimum(), "--check-config"};
    command = harness::as_nobody(command, folder);
    if (geteuid() == 0) {
        constexpr ::uid_t nobody = 65534;
        ASSERT_EQ(::chown((volume / "videos").c_str(), nobody, nobody), 0);
        ASSERT_EQ(::chown((volume / "data").c_str(), nobody, nobody), 0);
    }
    std::filesystem::permissions(volume / "videos", perms::owner_all);
    std::filesystem::permissions(volume / "data", perms::owner_all);
    std::filesystem::permissions(volume, perms::owner_read | perms::owner_exec | perms::others_exec);
    for (const auto& each : std::filesystem::directory_iterator(folder.path()))
        if (each.is_regular_file() && each.path().filename() != "program")
            std::filesystem::permissions(each.path(),
                                         perms::owner_read | perms::group_read | perms::others_read);
    const std::map<std::string, std::string> with{
        {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET", "planted-4711-secret"},
        {"TIKTOK_GATEWAY__VAULT__KEYS_FILE", keys_of_nobody()},
        {"TIKTOK_GATEWAY__FILES__DIRECTORY", (volume / "videos").string()},
        {"TIKTOK_GATEWAY__STORE__URL", "sqlite:" + (volume / "data/a.db").string()}};
    const auto check = harness::run_to_end(command, folder, with);
    std::filesystem::permissions(volume, perms::owner_all); // so that it can be deleted
    EXPECT_EQ(check.status, 0) << check.errors;
    EXPECT_THAT(check.output,
                HasSubstr("note: vault.spool_directory: the folder " + (volume / "spool").string()
                          + " cannot be made: permission denied for " + harness::nobody_in_words()));
}

TEST_F(NamedFiles, V14HourKAFileThatIsNoStoreOfThisProgramRefusesTheCheckAndTheStartWith78) {
    const auto table = [this](const char* name, const std::string& pragmas) {
        const auto file = folder.write(name, "");
        harness::run_sqlite(file, "CREATE TABLE recipes (name text)");
        for (const auto& pragma :
             {"PRAGMA application_id = " + pragmas, std::string("PRAGMA user_version = 9999")})
            harness::run_sqlite(file, pragma);
        return file;
    };
    const std::pair<std::string, std::string> stores[] = {
        {folder.write("no.db", std::string(8 * kib, 'x') + "planted-4711"), "not a database"},
        {folder.write("short.db", "planted-4711"), "not a database"},
        {table("recipes.db", "4711"), "belongs to another program"},
        {table("newer.db", "0x746b6777"), "has schema 9999"}};
    variables.erase("TIKTOK_GATEWAY__STORE__URL_FILE");
    for (const auto& [file, words] : stores) {
        variables["TIKTOK_GATEWAY__STORE__URL"] = "sqlite:" + file;
        const auto start = run({"--config", minimum()}, variables);
        EXPECT_EQ(start.status, 78) << file;
        EXPECT_THAT(start.errors, AllOf(HasSubstr("store.url: "), HasSubstr(words)));
        EXPECT_EQ(line_of(start).at("keys"), "store.url");
        const auto check = run({"--config", minimum(), "--check-config"}, variables);
        EXPECT_EQ(check.status, 78) << file;
        EXPECT_EQ(check.errors, start.errors);
    }
}

TEST_F(NamedFiles, HourKASecretThatEveryUserMayReadIsRemarkedByTheCheckAndTheStart) {
    const std::string inside = folder.write("inside.yaml",
                                            "tiktok: {client_key: a, client_secret: planted}\n"
                                            "listen: {port: 0}\nadmin: {port: 0}\n");
    auto with = variables;
    with.erase("TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET_FILE");
    EXPECT_THAT(run({"--config", inside, "--check-config"}, with).output,
                HasSubstr("note: public_url: is http://127.0.0.1:8080, and the listener speaks TLS"));
    with["TIKTOK_GATEWAY__PUBLIC_URL"] = "https://gateway.example";
    const auto check = [&] { return run({"--config", inside, "--check-config"}, with).output; };
    EXPECT_EQ(check(), "the settings are good\n");
    for (const std::string name : {"server.key", "inside.yaml"})
        std::filesystem::permissions(folder.path() / name, perms::others_read,
                                     std::filesystem::perm_options::add);
    const auto said = check();
    EXPECT_THAT(said,
                HasSubstr("note: listen.tls.private_key_file: " + (folder.path() / "server.key").string()
                          + " may be read by every user of this machine"));
    EXPECT_THAT(said, HasSubstr("note: tiktok.client_secret: " + inside + " may be read by every user"));
    std::filesystem::permissions(folder.path() / "secret", perms::others_write,
                                 std::filesystem::perm_options::add);
    harness::child_process start({GATEWAY_PROGRAM, "--config", minimum()}, folder.path().string(), variables);
    EXPECT_TRUE(start.says("secret may be changed by every user of this machine"));
    EXPECT_TRUE(start.says("\"key\":\"listen.tls.private_key_file\""));
}

TEST_F(NamedFiles, HourKUsageErrorsEndWith64) {
    for (const std::vector<std::string>& wrong : {std::vector<std::string>{"--confg", "x"},
                                                  {"--config"},
                                                  {"new-key"},
                                                  {"new-key", std::string(65, 'a')},
                                                  {"new-vault-key", "more"},
                                                  {"start"}}) {
        const auto got = run(wrong);
        EXPECT_EQ(got.status, 64) << wrong[0];
        EXPECT_NE(got.errors, "") << wrong[0];
        EXPECT_EQ(got.output, "") << wrong[0];
    }
    for (const std::vector<std::string>& wrong :
         {std::vector<std::string>{"--confg"}, {"--config"}, {"start"}}) {
        auto command = wrong;
        command.insert(command.begin(), SIMULATOR_PROGRAM);
        EXPECT_EQ(harness::run_to_end(command, folder).status, 64) << wrong[0];
    }
    EXPECT_EQ(harness::run_to_end({SIMULATOR_PROGRAM, "--help"}, folder).status, 0);
    const auto no_file = harness::run_to_end({SIMULATOR_PROGRAM, "--config", "/nonexistent/s.yaml"}, folder);
    EXPECT_EQ(no_file.status, 78);
    EXPECT_THAT(no_file.errors,
                HasSubstr("/nonexistent/s.yaml cannot be read: there is no folder /nonexistent"));
}

class Listening : public harness::flow_test {
protected:
    harness::ended start_with(std::map<std::string, std::string> variables) {
        auto all = harness::gateway_variables(w.folder(), w.tiktok(), w.options, w.caller_key());
        all["TIKTOK_GATEWAY__STORE__URL"] = "sqlite:" + (w.folder().path() / "other.db").string();
        for (const auto& [name, value] : variables)
            all["TIKTOK_GATEWAY__" + name] = value;
        return harness::run_to_end(
            {GATEWAY_PROGRAM, "--config", (w.folder().path() / "gateway.yaml").string()}, w.folder(), all);
    }
    void expect_told(const harness::ended& got, int status, const std::string& key,
                     const std::string& words) const {
        EXPECT_EQ(got.status, status) << got.errors;
        EXPECT_THAT(got.errors, AllOf(HasSubstr(key + ": cannot listen on "), HasSubstr(words)));
        const auto line = boost::json::parse(got.output.substr(0, got.output.find('\n'))).as_object();
        EXPECT_EQ(line.at("event"), "start_failed");
        EXPECT_EQ(line.at("keys").as_string(), key);
        EXPECT_EQ(line.at("exit_status"), status);
    }
};

TEST_F(Listening, HourKAPortOrAddressThatCannotBeHadIsToldByItsKeyAndMayHeal) {
    const auto api = std::to_string(w.gateway().port()), admin = std::to_string(w.gateway().admin_port());
    const std::string taken = "another process has this port";
    expect_told(start_with({{"LISTEN__PORT", api}}), 1, "listen.port", taken);
    expect_told(start_with({{"ADMIN__PORT", admin}}), 1, "admin.port", taken);
    // TEST-NET-3 (RFC 5737), which no host has.
    const std::string not_ours = "no interface of this host has this address";
    expect_told(start_with({{"LISTEN__ADDRESS", "203.0.113.7"}}), 1, "listen.address", not_ours);
    expect_told(start_with({{"ADMIN__ADDRESS", "203.0.113.7"}}), 1, "admin.address", not_ours);
}

TEST_F(Listening, HourKAStoreThatAnotherProcessHasEndsTheStartWith1ByItsKey) {
    const auto url = "sqlite:" + (w.folder().path() / "gateway.db").string();
    EXPECT_NE(w.gateway().port(), 0);
    const auto got = start_with({{"STORE__URL", url}});
    EXPECT_EQ(got.status, 1);
    EXPECT_THAT(got.output, AllOf(HasSubstr("\"event\":\"start_failed\""), HasSubstr("\"exit_status\":1"),
                                  HasSubstr("\"keys\":\"store.url\"")));
}

TEST_F(Listening, K08HourKSighupTellsAllFilesThatCannotBeReadAtOnceAndKeepsTheOldOnes) {
    const gateway::testing::certificate_authority authority;
    const auto issued = authority.issue("localhost");
    w.options.settings =
        "listen: {tls: {certificate_file: " + w.folder().write("server.pem", issued.certificate_pem)
        + ", private_key_file: " + w.folder().write("server.key", issued.key_pem) + "}}\n";
    EXPECT_NE(w.gateway().port(), 0);
    for (const char* name : {"server.pem", "server.key", "vault.keys", "client.secret"})
        std::filesystem::rename(w.folder().path() / name, w.folder().path() / (std::string(name) + ".away"));
    w.gateway().process().signal(SIGHUP);
    ASSERT_TRUE(w.gateway().process().says("\"event\":\"reload_refused\""));
    const auto said = w.gateway().process().output();
    const auto line = said.substr(said.find("\"event\":\"reload_refused\""));
    for (const auto& words : std::vector<std::string>{
             "tiktok.client_secret_file: cannot be read: no such file",
             "vault.keys_file: " + (w.folder().path() / "vault.keys").string()
                 + " cannot be read: no such file",
             "listen.tls.certificate_file: " + (w.folder().path() / "server.pem").string()
                 + " cannot be read",
             "listen.tls.private_key_file: " + (w.folder().path() / "server.key").string()
                 + " cannot be read"})
        EXPECT_THAT(line, HasSubstr(words));
    for (const char* name : {"server.pem", "server.key", "vault.keys", "client.secret"})
        std::filesystem::rename(w.folder().path() / (std::string(name) + ".away"), w.folder().path() / name);
    w.gateway().process().signal(SIGHUP);
    EXPECT_TRUE(w.gateway().process().says("\"event\":\"settings_reloaded\""));
}

} // namespace
