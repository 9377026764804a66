// The program's command line, and how it refuses to start.
#include "flow/commands_test.hpp"

#include "base/digest.hpp"
#include "harness/flow_test.hpp"
#include "unit/runtime/certificates.hpp"

#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

namespace {

using harness::ended;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST_F(Commands, VersionAndHelpAreShort) {
    EXPECT_THAT(run({"--version"}).output, StartsWith("tiktok-gateway "));
    const auto help = run({"--help"});
    EXPECT_EQ(help.status, 0);
    EXPECT_THAT(help.output, HasSubstr("new-vault-key"));
}

TEST_F(Commands, ANewKeyComesWithItsHash) {
    const auto got = run({"new-key", "billing"});
    ASSERT_EQ(got.status, 0);
    const auto end = got.output.find('\n');
    ASSERT_THAT(got.output, StartsWith("key: "));
    const std::string key = got.output.substr(5, end - 5);
    EXPECT_EQ(got.output.substr(end + 1), "key_sha256: " + gateway::to_hex(gateway::sha256(key)) + "\n");
    EXPECT_GE(key.size(), 40U);
    EXPECT_NE(run({"new-key", "billing"}).output, got.output);
    EXPECT_NE(run({"new-key"}).status, 0);
}

TEST_F(Commands, ANewVaultKeyIsALineOfTheKeyRing) {
    const auto got = run({"new-vault-key"});
    ASSERT_EQ(got.status, 0);
    const auto colon = got.output.find(':');
    ASSERT_NE(colon, std::string::npos);
    const auto bytes = gateway::from_base64(got.output.substr(colon + 1, got.output.size() - colon - 2));
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->size(), 32U);
}

TEST_F(Commands, G01CheckConfigNamesTheKeyAndGives78) {
    EXPECT_EQ(run({"--config", settings(), "--check-config"}).status, 0);
    const auto got = run({"--config", settings("listen: {prot: 1}\nworkers: many\n"), "--check-config"});
    EXPECT_EQ(got.status, 78);
    EXPECT_THAT(got.errors, HasSubstr("listen.prot"));
    EXPECT_THAT(got.errors, HasSubstr("workers"));
    EXPECT_THAT(got.errors, Not(HasSubstr("planted-4711")));
    EXPECT_EQ(run({"--config", settings(), "--check-config"}, {{"TIKTOK_GATEWAY__WORKERS", "x"}}).status, 78);
    EXPECT_EQ(run({"--config", "/nonexistent.yaml", "--check-config"}).status, 78);
}

TEST_F(Commands, G01CheckConfigOpensTheFilesThatSettingsName) {
    const auto keys = run({"--config", settings(), "--check-config"},
                          {{"TIKTOK_GATEWAY__VAULT__KEYS_FILE", "/nonexistent"}});
    EXPECT_EQ(keys.status, 78);
    EXPECT_THAT(keys.errors, HasSubstr("vault.keys_file"));
    const auto trust = run({"--config", settings(), "--check-config"},
                           {{"TIKTOK_GATEWAY__TIKTOK__CA_FILE", "/nonexistent"}});
    EXPECT_EQ(trust.status, 78);
    EXPECT_THAT(trust.errors, HasSubstr("tiktok.ca_file"));
    const auto tls =
        run({"--config", settings("listen: {tls: {certificate_file: /a, private_key_file: /b}}\n"),
             "--check-config"});
    EXPECT_EQ(tls.status, 78);
    EXPECT_THAT(tls.errors, HasSubstr("listen.tls"));
}

class Certificates : public Commands {
protected:
    gateway::testing::certificate_authority authority;

    std::string settings_with(const gateway::testing::certificate_options& options) const {
        const auto issued = authority.issue("localhost", options);
        return settings(
            "listen: {port: 0, tls: {certificate_file: " + folder.write("server.pem", issued.certificate_pem)
            + ", private_key_file: " + folder.write("server.key", issued.key_pem) + "}}\nadmin: {port: 0}\n");
    }
};

TEST_F(Certificates, AuditYAnEncryptedPrivateKeyIsRefusedByKeyAndNobodyIsAsked) {
    gateway::testing::certificate_options options;
    options.pass_phrase = "planted-4711-secret";
    const auto file = settings_with(options);
    for (const auto& got : {run({"--config", file, "--check-config"}), run({"--config", file})}) {
        EXPECT_EQ(got.status, 78);
        EXPECT_THAT(got.errors, HasSubstr("listen.tls.private_key_file"));
        EXPECT_THAT(got.errors, HasSubstr("server.key: is encrypted"));
        EXPECT_THAT(got.errors + got.output, Not(HasSubstr("pass phrase:"))) << "a question";
    }
}

TEST_F(Certificates, AuditYTheCheckTellsOfACertificateThatIsNotValidNow) {
    gateway::testing::certificate_options options;
    EXPECT_EQ(run({"--config", settings_with(options), "--check-config"},
                  {{"TIKTOK_GATEWAY__PUBLIC_URL", "https://gateway.example"}})
                  .output,
              "the settings are good\n");
    options.ends_in_s = -3'600;
    const auto ended = run({"--config", settings_with(options), "--check-config"});
    EXPECT_EQ(ended.status, 0);
    EXPECT_THAT(ended.output, HasSubstr("note: listen.tls.certificate_file"));
    EXPECT_THAT(ended.output, HasSubstr("server.pem expired at 20"));
    options.begins_in_s = 3'600;
    options.ends_in_s = 7'200;
    const auto early = run({"--config", settings_with(options), "--check-config"});
    EXPECT_EQ(early.status, 0);
    EXPECT_THAT(early.output, HasSubstr("server.pem is not valid before 20"));
}

TEST_F(Commands, G01CheckConfigLooksAtTheFoldersThatSettingsName) {
    const auto with = [this](const std::string& name, const std::string& value) {
        return run({"--config", settings(), "--check-config"}, {{"TIKTOK_GATEWAY__" + name, value}});
    };
    const auto store = with("STORE__URL", "sqlite:/nonexistent/gateway.db");
    EXPECT_EQ(store.status, 78);
    EXPECT_THAT(store.errors, HasSubstr("store.url"));
    EXPECT_EQ(with("STORE__URL", "sqlite:" + folder.path().string()).status, 78);
    EXPECT_EQ(with("STORE__URL", "postgresql://user@db.example/gateway").status, 0);
    const auto files = with("FILES__DIRECTORY", harness::keys_file_in(folder));
    EXPECT_EQ(files.status, 78);
    EXPECT_THAT(files.errors, HasSubstr("files.directory"));
    EXPECT_EQ(with("FILES__DIRECTORY", (folder.path() / "new/files").string()).status, 0);
    EXPECT_EQ(with("STORE__URL", "sqlite:" + (folder.path() / "new.db").string()).status, 0);
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "new.db")) << "it only looks";
}

TEST_F(Commands, G01AnActionThatDoesNotExistIsNamedWithItsCaller) {
    const std::string hash(64, 'a');
    const std::string callers = "callers: [{name: a, key_sha256: " + hash + "}, {name: b, key_sha256: b"
                                + hash.substr(1) + ", actions: [TIKTOK_LIST_VIDEOS, 'GATEWAY_*', ";
    EXPECT_EQ(run({"--config", settings(callers + "'TIKTOK_*_INFO']}]\n"), "--check-config"}).status, 0);
    for (const std::string pattern : {"TIKTOK_LIST_VIDEO", "tiktok_list_videos", "'TIKTOK_LIST_VIDEOS?'"}) {
        const auto got = run({"--config", settings(callers + pattern + "]}]\n"), "--check-config"});
        EXPECT_EQ(got.status, 78) << pattern;
        EXPECT_THAT(got.errors, HasSubstr("callers[1].actions"));
    }
    const auto start = run({"--config", settings(callers + "TIKTOK_LIST_VIDEO]}]\n")});
    EXPECT_EQ(start.status, 78);
    EXPECT_THAT(start.errors, HasSubstr("callers[1].actions"));
}

TEST_F(Commands, G01AStartWithBadSettingsIsRefusedTheSameWay) {
    const auto got = run({"--config", settings("listen: {address: 0.0.0.0}\n")});
    EXPECT_EQ(got.status, 78);
    EXPECT_THAT(got.errors, HasSubstr("callers"));
    EXPECT_EQ(got.output.find("\"listening\""), std::string::npos) << "it served";
}

TEST_F(Commands, FaultPWhatTheEnvironmentGivesIsTakenAsItStandsAndNamedWhereItIsWrong) {
    const std::string callers = "[{name: a, key_sha256: " + std::string(64, 'a') + "}]";
    const auto with = [&](std::map<std::string, std::string> variables) {
        return run({"--config", settings(), "--check-config"}, variables);
    };
    const auto any = with({{"TIKTOK_GATEWAY__LISTEN__ADDRESS", "::"}, {"TIKTOK_GATEWAY__CALLERS", callers}});
    EXPECT_EQ(any.status, 0) << any.errors;
    const auto empty = with({{"TIKTOK_GATEWAY__LISTEN__ADDRESS", ""},
                             {"TIKTOK_GATEWAY__CALLERS", ""},
                             {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET_FILE", ""}});
    EXPECT_EQ(empty.status, 0) << empty.errors;
    const std::pair<std::string, std::string> wrong[] = {{"LISTEN__PORT", "http"},
                                                         {"LISTEN__PROT", "1"},
                                                         {"CALLERS", "[{"},
                                                         {"CALLERS", "a"},
                                                         {"VAULT__KEYS_FILE", "/nonexistent"},
                                                         {"TIKTOK__CA_FILE", "/nonexistent"},
                                                         {"STORE__URL", "sqlite:/nonexistent/a.db"}};
    for (const auto& [name, value] : wrong) {
        const auto got = with({{"TIKTOK_GATEWAY__" + name, value}});
        EXPECT_EQ(got.status, 78) << name;
        EXPECT_THAT(got.errors, HasSubstr("(environment variable TIKTOK_GATEWAY__" + name + ")"));
    }
    const auto in_file = run({"--config", settings("workers: many\n"), "--check-config"});
    EXPECT_THAT(in_file.errors, HasSubstr("gateway.yaml, line 3)"));
}

TEST_F(Commands, FaultOASecretThatCannotBeMeantRefusesTheCheckAndTheStartByKey) {
    for (const std::string text :
         {"planted-4711-secret ", " planted-4711-secret", "planted-4711-\xC2\xA0secret"}) {
        const auto file = folder.write("secret", text + "\n");
        const std::map<std::string, std::string> named{{"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET_FILE", file}};
        for (const auto& got :
             {run({"--config", settings(), "--check-config"}, named), run({"--config", settings()}, named)}) {
            EXPECT_EQ(got.status, 78);
            EXPECT_THAT(got.errors, HasSubstr("tiktok.client_secret_file"));
            EXPECT_THAT(got.errors, HasSubstr(file));
            EXPECT_THAT(got.errors, Not(HasSubstr("planted-4711")));
        }
    }
    const auto url = run({"--config", settings(), "--check-config"},
                         {{"TIKTOK_GATEWAY__STORE__URL", "postgresql://u:planted-4711-secret@h/d "}});
    EXPECT_EQ(url.status, 78);
    EXPECT_THAT(url.errors, HasSubstr("store.url"));
    EXPECT_THAT(url.errors, Not(HasSubstr("planted-4711")));
}

TEST_F(Commands, FaultRTheCheckSaysByKeyWhichScopesItDoesNotKnowAndLetsThemPass) {
    const auto with = [&](const std::string& scopes) {
        return run({"--config", settings(), "--check-config"}, {{"TIKTOK_GATEWAY__TIKTOK__SCOPES", scopes}});
    };
    const auto got = with("[user.info.basic, video.steal, research.data.basic, video.steal]");
    EXPECT_EQ(got.status, 0);
    EXPECT_THAT(got.output, HasSubstr("tiktok.scopes: holds video.steal"));
    EXPECT_THAT(got.output, HasSubstr("tiktok.scopes: holds research.data.basic"));
    EXPECT_THAT(got.output, HasSubstr("environment variable TIKTOK_GATEWAY__TIKTOK__SCOPES"));
    EXPECT_THAT(got.output, Not(HasSubstr("user.info.basic")));
    EXPECT_THAT(got.output, testing::EndsWith("the settings are good\n"));
    EXPECT_EQ(run({"--config", settings(), "--check-config"}).output, "the settings are good\n");
    EXPECT_EQ(with("[video.upload, video.publish]").output, "the settings are good\n");
}

TEST_F(Commands, AuditTWhatIsWeakerThanVerifyFullIsSaidOnce) {
    const auto with = [this](const std::string& url) {
        return run({"--config", settings(), "--check-config"}, {{"TIKTOK_GATEWAY__STORE__URL", url}});
    };
    const auto weak = with("postgresql://gw:planted-4711-secret@db.example/x?sslmode=require");
    EXPECT_EQ(weak.status, 0) << weak.errors;
    EXPECT_THAT(weak.output, HasSubstr("note: store.url: says sslmode=require"));
    EXPECT_THAT(weak.output, Not(HasSubstr("planted-4711")));
    const auto authority = folder.write("ca.pem", gateway::testing::certificate_authority().pem());
    for (const std::string& good : {"postgresql://gw@db.example/x?sslrootcert=" + authority,
                                    std::string("postgresql://gw@127.0.0.1/x?sslmode=disable")})
        EXPECT_EQ(with(good).output, "the settings are good\n") << good;
    const auto unknown = with("postgresql://gw:planted-4711-secret@db.example/x?sslmode=yes");
    EXPECT_EQ(unknown.status, 78);
    EXPECT_THAT(unknown.errors, HasSubstr("store.url: says sslmode=yes, and must say one of"));
}

TEST_F(Commands, L09AuditIAQuarterOfTheFilesThatIsSmallerThanTheLargestOneIsSaid) {
    const auto with = [this](const char* quota_bytes, std::size_t callers) {
        std::string list;
        for (std::size_t i = 0; i < callers; ++i)
            list += "{name: c" + std::to_string(i)
                    + ", key_sha256: " + gateway::to_hex(gateway::sha256("key " + std::to_string(i))) + "}, ";
        return run({"--config", settings(), "--check-config"},
                   {{"TIKTOK_GATEWAY__CALLERS", "[" + list + "]"},
                    {"TIKTOK_GATEWAY__FILES__QUOTA_BYTES", quota_bytes}})
            .output;
    };
    EXPECT_THAT(with("17179869183", 2), HasSubstr("note: files.quota_bytes: is less than four times"));
    EXPECT_EQ(with("17179869184", 2), "the settings are good\n");
    EXPECT_EQ(with("10000000", 1), "the settings are good\n") << "a sole caller has all";
}

TEST_F(Commands, AuditQStateThatOthersMayReachIsRefusedInTheCheckAndAtTheStartInTheSameWords) {
    const auto expect_refused = [this](const std::string& key, const std::string& place) {
        const auto check =
            run({"--config", settings("listen: {port: 0}\nadmin: {port: 0}\n"), "--check-config"});
        const auto start = run({"--config", settings("listen: {port: 0}\nadmin: {port: 0}\n")});
        EXPECT_EQ(check.status, 78) << place;
        EXPECT_EQ(start.status, 78) << place;
        EXPECT_EQ(check.errors, start.errors);
        EXPECT_THAT(start.errors, HasSubstr(key));
        EXPECT_THAT(start.errors, HasSubstr(place));
    };
    const auto database = folder.write("gateway.db", "");
    using std::filesystem::perms;
    std::filesystem::permissions(database, perms::others_read, std::filesystem::perm_options::add);
    expect_refused("store.url", "gateway.db");
    std::filesystem::permissions(database, perms::owner_read | perms::owner_write);
    std::filesystem::create_directory(folder.path() / "files");
    std::filesystem::permissions(folder.path() / "files", perms::owner_all | perms::others_exec);
    expect_refused("files.directory", "files");
    std::filesystem::permissions(folder.path() / "files", perms::owner_all);
    std::filesystem::create_directory(folder.path() / "spool");
    std::filesystem::permissions(folder.path() / "spool", perms::owner_all | perms::others_read);
    expect_refused("vault.spool_directory", "spool");
    std::filesystem::permissions(folder.path() / "spool", perms::owner_all);
    std::filesystem::permissions(folder.path(), perms::owner_all | perms::others_write);
    expect_refused("store.url", folder.path().filename().string());
    std::filesystem::permissions(folder.path(), perms::owner_all);
    EXPECT_EQ(run({"--config", settings(), "--check-config"}).status, 0);
}

TEST_F(Commands, DeathPPlacesThatCannotBeFoldersAreRefusedInTheCheckAndAtTheStartInTheSameWords) {
    const auto file = settings("listen: {port: 0}\nadmin: {port: 0}\n");
    const auto expect_refused = [&](const std::string& key, const std::string& words,
                                    const std::map<std::string, std::string>& named = {}) {
        const auto check = run({"--config", file, "--check-config"}, named);
        const auto start = run({"--config", file}, named);
        EXPECT_EQ(check.status, 78) << words;
        EXPECT_EQ(start.status, 78) << words;
        EXPECT_EQ(check.errors, start.errors);
        EXPECT_THAT(start.errors, HasSubstr(key));
        EXPECT_THAT(start.errors, HasSubstr(words));
    };
    expect_refused("store.url", "there is no folder /nonexistent",
                   {{"TIKTOK_GATEWAY__STORE__URL", "sqlite:/nonexistent/gateway.db"}});
    expect_refused("store.url", "is a folder, not a file",
                   {{"TIKTOK_GATEWAY__STORE__URL", "sqlite:" + folder.path().string()}});
    const auto a_file = folder.write("a_file", "");
    for (const std::string key : {"files.directory", "vault.spool_directory"}) {
        const std::string variable = key == "files.directory" ? "TIKTOK_GATEWAY__FILES__DIRECTORY"
                                                              : "TIKTOK_GATEWAY__VAULT__SPOOL_DIRECTORY";
        expect_refused(key, "a_file is not a folder", {{variable, a_file}});
        expect_refused(key, "a_file is not a folder", {{variable, a_file + "/below/it"}});
    }
}

TEST_F(Commands, G01DeathFAnAddressOfTheStoreThatCannotBeUsedIsRefusedInTheCheckAndAtTheStartInTheSameWords) {
    const auto file = settings("listen: {port: 0}\nadmin: {port: 0}\n");
    for (const std::string url :
         {"postgresql://u:planted-4711-secret@%zz/x",
          "postgresql://u:planted-4711-secret@127.0.0.1/x?no_word=1",
          "postgresql://u:planted-4711-secret@db.example/x?sslrootcert=/nonexistent"}) {
        const std::map<std::string, std::string> named{{"TIKTOK_GATEWAY__STORE__URL", url}};
        const auto check = run({"--config", file, "--check-config"}, named);
        const auto start = run({"--config", file}, named);
        EXPECT_EQ(check.status, 78) << url;
        EXPECT_EQ(start.status, 78) << url;
        EXPECT_EQ(check.errors, start.errors);
        EXPECT_THAT(start.errors, HasSubstr("store.url"));
        EXPECT_THAT(start.errors, Not(HasSubstr("planted-4711")));
    }
}

class Start : public harness::flow_test {
protected:
    /// Starts another gateway with the settings of the running one and some other values.
    ended start_again(std::map<std::string, std::string> variables) {
        auto all = harness::gateway_variables(w.folder(), w.tiktok(), w.options, w.caller_key());
        for (const auto& [name, value] : variables)
            all[name] = value;
        harness::child_process child(
            {GATEWAY_PROGRAM, "--config", (w.folder().path() / "gateway.yaml").string()},
            w.folder().path().string(), all);
        const auto status = child.wait(gateway::seconds{20});
        EXPECT_TRUE(status) << "it does not end";
        return {status.value_or(-1), child.output_at_end(), child.errors_at_end()};
    }
};

TEST_F(Start, APortInUseIsNamedAndGives1) {
    const harness::raw_socket probe(w.gateway().admin_port());
    const auto got =
        start_again({{"TIKTOK_GATEWAY__STORE__URL", "sqlite:" + (w.folder().path() / "other.db").string()},
                     {"TIKTOK_GATEWAY__ADMIN__PORT", std::to_string(w.tiktok().api_port())}});
    EXPECT_EQ(got.status, 1);
    EXPECT_THAT(got.errors, HasSubstr(std::to_string(w.tiktok().api_port())));
}

TEST_F(Start, TwoGatewaysDoNotShareAPort) {
    for (const auto& [name, port] :
         {std::pair{"LISTEN", w.gateway().port()}, {"ADMIN", w.gateway().admin_port()}}) {
        const auto got = start_again(
            {{"TIKTOK_GATEWAY__STORE__URL", "sqlite:" + (w.folder().path() / "other.db").string()},
             {std::string("TIKTOK_GATEWAY__") + name + "__PORT", std::to_string(port)}});
        EXPECT_EQ(got.status, 1) << name;
        EXPECT_THAT(got.errors, HasSubstr(std::to_string(port)));
    }
}

TEST_F(Start, AuditQWhatItMakesIsItsUsersAloneWhateverTheUmask) {
    w.connect("user-77");
    const auto staged = w.api().call("POST", "/v1/files", {{"Content-Type", "video/mp4"}}, "some bytes");
    ASSERT_EQ(staged.status, 200) << staged.raw;
    const std::string file = "files/" + staged.text_at("data.file_id");
    for (const std::string& name :
         {std::string("gateway.db"), std::string("gateway.db-wal"), std::string("gateway.db-shm"),
          std::string("gateway.db.lock"), std::string("gateway.db-windows"), std::string("files"), file}) {
        const auto mode = std::filesystem::status(w.folder().path() / name).permissions();
        EXPECT_EQ(mode & (std::filesystem::perms::group_all | std::filesystem::perms::others_all),
                  std::filesystem::perms::none)
            << name;
    }
}

TEST_F(Start, V10ASecondProcessOnOneStoreIsRefused) {
    w.connect("user-77");
    const auto got = start_again({});
    EXPECT_EQ(got.status, 1);
    EXPECT_THAT(got.errors, HasSubstr("store.url"));
    EXPECT_EQ(w.api().get("/v1/users/user-77/info").status, 200);
}

TEST_F(Start, V06AWrongKeyRingIsRefusedAndTouchesNothing) {
    w.connect("user-77");
    ASSERT_EQ(w.stop_gateway(), 0);
    const std::string other =
        w.folder().write("other.keys", "flow-key-2:" + gateway::to_base64(std::string(32, 'x')) + "\n");
    const auto got = start_again({{"TIKTOK_GATEWAY__VAULT__KEYS_FILE", other}});
    EXPECT_EQ(got.status, 78);
    EXPECT_THAT(got.errors, HasSubstr("vault.keys_file"));
    EXPECT_EQ(w.api().get("/v1/users/user-77/info").status, 200);
}

TEST_F(Start, V06AKeyFileThatOthersCanReadIsRefused) {
    static_cast<void>(w.tiktok());
    const std::string keys = harness::keys_file_in(w.folder());
    std::filesystem::permissions(keys, std::filesystem::perms::others_read,
                                 std::filesystem::perm_options::add);
    w.folder().write("gateway.yaml", "");
    w.folder().write("client.secret", "any");
    const auto got = start_again({});
    EXPECT_EQ(got.status, 78);
    EXPECT_THAT(got.errors, HasSubstr("vault.keys_file"));
}

TEST_F(Start, FaultOAClientSecretWithALineEndAndAMarkIsTheSecretThatTikTokKnows) {
    w.connect("user-77");
    ASSERT_EQ(w.stop_gateway(), 0);
    std::ifstream plain(w.folder().path() / "client.secret");
    const std::string secret{std::istreambuf_iterator<char>(plain), {}};
    const harness::temp_folder elsewhere;
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET_FILE"] =
        elsewhere.write("edited.secret", "\xEF\xBB\xBF" + secret + "\r\n");
    const auto gone = w.api().del("/v1/users/user-77"); // TikTok requires the secret to revoke
    EXPECT_TRUE(gone.at("data.revoked_at_tiktok") == boost::json::value(true)) << gone.raw;
}

TEST_F(Start, FaultRAScopeThatIsNotKnownIsToldByKeyBehindTheFirstLine) {
    w.options.variables["TIKTOK_GATEWAY__TIKTOK__SCOPES"] = "[user.info.basic, video.steal]";
    EXPECT_NE(w.gateway().port(), 0) << "the first line is the one that tells the ports";
    ASSERT_EQ(w.stop_gateway(), 0);
    EXPECT_THAT(w.everything_said(), HasSubstr("\"settings_remark\""));
    EXPECT_THAT(w.everything_said(), HasSubstr("tiktok.scopes: holds video.steal"));
}

TEST_F(Start, ConnectionsSurviveARestart) {
    w.connect("user-77");
    ASSERT_EQ(w.stop_gateway(), 0);
    EXPECT_EQ(w.api().get("/v1/users/user-77/info").text_at("data.user.display_name"), "Alice");
}

} // namespace
