#include "settings/loader.hpp"

#include "base/digest.hpp"
#include "settings/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace gateway::settings {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string minimum =
    "tiktok: {client_key: app, client_secret: planted-secret}\n"
    "vault: {keys_file: keys}\n";

std::vector<std::string> keys_of(const std::vector<fault>& faults) {
    std::vector<std::string> names;
    for (const auto& one : faults)
        names.push_back(one.key);
    return names;
}

/// `a.b.c` and a value as YAML in one line.
std::string line_for(std::string key, const std::string& value) {
    std::string opened, closed;
    for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.')) {
        opened += "{" + key.substr(0, dot) + ": ";
        closed += "}";
        key = key.substr(dot + 1);
    }
    return opened + "{" + key + ": " + value + "}" + closed;
}

TEST(Settings, G02AMinimumFileGivesTheDefaults) {
    const auto got = load_text(minimum, {});
    EXPECT_THAT(got.faults, IsEmpty());
    EXPECT_EQ(got.values.listen.address, "127.0.0.1");
    EXPECT_EQ(got.values.admin.address, "127.0.0.1");
    EXPECT_EQ(got.values.tiktok.default_privacy_level, "SELF_ONLY");
    EXPECT_TRUE(got.values.tiktok.client_secret.equals("planted-secret"));
}

TEST(Settings, DeathPPairsWaitBesideTheFilesWhereNoOtherFolderIsNamed) {
    settings::all values;
    EXPECT_EQ(values.spool_directory(), "spool");
    values.files.directory = "/var/lib/gateway/files";
    EXPECT_EQ(values.spool_directory(), "/var/lib/gateway/spool");
    values.files.directory = "/var/lib/gateway/files/";
    EXPECT_EQ(values.spool_directory(), "/var/lib/gateway/spool");
    values.vault.spool_directory = "/elsewhere";
    EXPECT_EQ(values.spool_directory(), "/elsewhere");
}

TEST(Settings, G01EveryKeyRefusesAValueOfTheWrongShapeByName) {
    for (const auto& row : keys()) {
        for (const std::string wrong : {"{a: {b: c}}", "[[1]]", "~"}) {
            const auto got = load_text(line_for(std::string(row.key), wrong), {});
            const std::string key(row.key); // for an entry of `callers`, with its index
            EXPECT_THAT(keys_of(got.faults), Contains(testing::AnyOf(key, key + "[0]"))) << wrong;
        }
    }
}

TEST(Settings, G01NumbersOutsideTheirBoundsAreRefusedWithTheBounds) {
    const char* cases[][2] = {{"listen.port", "65536"},
                              {"listen.port", "-1"},
                              {"listen.port", "80.5"},
                              {"listen.port", "eighty"},
                              {"workers", "1000"},
                              {"limits.tiktok.video_init_per_minute", "0"},
                              {"uploads.memory_bytes", "1"},
                              {"vault.cached_users", "0"},
                              {"vault.refresh_per_second", "0"},
                              {"vault.refresh_per_second", "nan"}};
    for (const auto& [key, value] : cases) {
        const auto got = load_text(line_for(key, value), {});
        EXPECT_THAT(got.faults, Contains(testing::AllOf(Field(&fault::key, key),
                                                        Field(&fault::reason, HasSubstr(" to ")))))
            << key << ": " << value;
    }
}

TEST(Settings, G01UnknownKeysAreRefusedWhereverTheyStand) {
    for (const std::string key : {"lisen", "listen.adress", "listen.tls.ca", "limits.video_init_per_minute",
                                  "tiktok", "public_url.more", "callers_file", "listen.port_file"}) {
        const auto got = load_text(line_for(key, "x"), {});
        EXPECT_FALSE(got.good()) << key;
    }
    EXPECT_THAT(keys_of(load_text(line_for("listen.adress", "x"), {}).faults), Contains("listen.adress"));
    EXPECT_THAT(keys_of(load_text(minimum, {{"TIKTOK_GATEWAY__LISTEN__PROT", "1"}}).faults),
                Contains("listen.prot"));
}

TEST(Settings, G01WhatIsRequiredIsNamed) {
    const auto names = keys_of(load_text("", {}).faults);
    EXPECT_THAT(
        names, testing::UnorderedElementsAre("tiktok.client_key", "tiktok.client_secret", "vault.keys_file"));
}

TEST(Settings, G01HourKAllFaultsAreToldAtOnceAndNoneThatFollowsFromAnother) {
    const auto keys =
        keys_of(load_text("workers: many\n"
                          "public_url: 'ftp://a'\n"
                          "listen: {address: 0.0.0.0, port: many, tls: {certificate_file: [a]}}\n"
                          "admin: {port: 8080, address: 0.0.0.0}\n"
                          "drain: {delay_ms: 60000, deadline_ms: soon}\n"
                          "callers: 5\n"
                          "tiktok: {upload_hosts: ['*', '**']}\n",
                          {})
                    .faults);
    EXPECT_THAT(keys, testing::UnorderedElementsAre(
                          "workers", "public_url", "listen.port", "listen.tls.certificate_file",
                          "drain.deadline_ms", "callers", "tiktok.upload_hosts", "tiktok.upload_hosts",
                          "tiktok.client_key", "tiktok.client_secret", "vault.keys_file"));
}

std::vector<std::string> texts_of(const std::vector<fault>& faults) {
    std::vector<std::string> texts;
    for (const auto& one : faults)
        texts.push_back(text_of(one));
    return texts;
}

TEST(Settings, HourKAllFaultsOfAllCallersAreToldEachWithItsLine) {
    const auto hash = std::string(64, 'a');
    const auto got = load_text(minimum + "callers:\n  - name: a\n    key_sha256: " + hash
                                   + "\n    confirm_logins: maybe\n    requests_per_minute: many\n    colour: red\n"
                                     "  - {name: a, key_sha256: "
                                   + hash + "}\n  - text\n",
                               {}, "g.yaml");
    EXPECT_THAT(texts_of(got.faults),
                testing::UnorderedElementsAre(
                    "callers[0].confirm_logins: must be true or false (g.yaml, line 6)",
                    HasSubstr("callers[0].requests_per_minute: must be a whole number from 1 to "),
                    "callers[0].colour: is not a key of a caller (g.yaml, line 8)",
                    "callers[1].name: is that of callers[0], too (g.yaml, line 9)",
                    "callers[1].key_sha256: is that of callers[0], too (g.yaml, line 9)",
                    "callers[2]: must be `name: …` and what belongs to it (g.yaml, line 10)"));
    std::string many = minimum + "callers:\n";
    for (int i = 0; i < 40; ++i)
        many += "  - {name: '?'}\n";
    const auto cut = load_text(many, {}, "g.yaml").faults;
    ASSERT_EQ(cut.size(), 21U);
    EXPECT_THAT(text_of(cut.back()), HasSubstr("callers: has 60 more faults of its entries"));
}

TEST(Settings, HourKAMistakeThatPeopleMakeIsToldInItsWords) {
    const auto only = [](const std::string& yaml, const environment& variables = {}) {
        const auto texts = texts_of(load_text(yaml, variables, "g.yaml").faults);
        return texts.size() == 1 ? texts[0] : std::to_string(texts.size()) + " faults";
    };
    EXPECT_THAT(only(minimum + "files: {quota_bytes: 16G}"),
                HasSubstr("the name of the setting has its unit"));
    EXPECT_THAT(only(minimum + "listen: {port: 80x}"), testing::Not(HasSubstr("unit")));
    EXPECT_THAT(only(minimum, {{"TIKTOK_GATEWAY__LISTEN__PORT", "'8080'"}}),
                HasSubstr("the quotes belong to the value"));
    EXPECT_THAT(only(minimum + "listen:\n\tport: 1\n"),
                testing::StartsWith("the settings file is not YAML at line 4"));
    EXPECT_THAT(only(minimum + "listen:\n\tport: 1\n"), HasSubstr("begins with a tab"));
    EXPECT_THAT(texts_of(load_text("- 1", {}, "g.yaml").faults), Contains(HasSubstr("must hold sections")));
    EXPECT_THAT(
        texts_of(load("", {}).faults),
        Contains(HasSubstr(
            "tiktok.client_key: is missing: the TikTok app's client key (no --config FILE is given)")));
}

TEST(Settings, HourKAVariableThatIsNotReadIsRemarkedWhereItNearlyIsASetting) {
    const auto remarks = texts_of(load_text(minimum, {{"TIKTOK_GATEWAY_LISTEN_PORT", ""},
                                                      {"TIKTOK_GATEWAY_TIKTOK_CLIENT_SECRET_FILE", ""},
                                                      {"TIKTOK_GATEWAY_SERVICE_HOST", ""},
                                                      {"TIKTOK_GATEWAY_FAILPOINT", ""}})
                                      .remarks);
    EXPECT_THAT(remarks,
                testing::ElementsAre("the environment variable TIKTOK_GATEWAY_LISTEN_PORT is not read; is "
                                     "TIKTOK_GATEWAY__LISTEN__PORT meant?",
                                     HasSubstr("is TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET_FILE meant?")));
}

TEST(Settings, HourKAFileWithASecretThatEveryUserMayReadIsRemarkedByItsKey) {
    namespace fs = std::filesystem;
    const auto open_to_all = fs::perms::owner_read | fs::perms::others_read;
    const std::string process = std::to_string(::getpid());
    const auto url = fs::temp_directory_path() / ("url_of_" + process);
    const auto file = fs::temp_directory_path() / ("settings_of_" + process);
    std::ofstream(url) << "postgresql://u:planted-secret@h/d\n";
    std::ofstream(file) << minimum << "store: {url_file: " << url.string() << "}\n";
    fs::permissions(url, open_to_all);
    fs::permissions(file, open_to_all);
    const auto both = load(file.string(), {});
    const auto by_variable = load(file.string(), {{"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET", "x"},
                                                  {"TIKTOK_GATEWAY__STORE__URL", "postgresql://h/d"}});
    fs::permissions(url, fs::perms::owner_read);
    fs::permissions(file, fs::perms::owner_read);
    const auto closed = load(file.string(), {});
    fs::remove(url);
    fs::remove(file);
    EXPECT_THAT(keys_of(both.remarks),
                testing::UnorderedElementsAre("store.url_file", "tiktok.client_secret"));
    EXPECT_THAT(both.remarks, testing::Each(Field(&fault::reason, HasSubstr("may be read by every user"))));
    EXPECT_THAT(by_variable.remarks, IsEmpty());
    EXPECT_THAT(closed.remarks, IsEmpty());
}

TEST(Settings, G01DangerousCombinationsAreRefused) {
    const std::pair<std::string, std::string> cases[] = {
        {"callers", "listen: {address: 0.0.0.0}"},
        {"listen.tls.private_key_file", "listen: {tls: {certificate_file: a.pem}}"},
        {"listen.tls.certificate_file", "listen: {tls: {private_key_file: a.pem}}"},
        {"admin.port", "listen: {port: 9000}\nadmin: {port: 9000}"},
        {"listen.address", "listen: {address: localhost}"},
        {"tiktok.api_url",
         "tiktok: {client_key: a, client_secret: b, api_url: 'http://open.tiktokapis.com'}"},
        {"tiktok.api_url", "tiktok: {client_key: a, client_secret: b, api_url: 'https://a/path'}"},
        {"tiktok.api_url", "tiktok: {client_key: a, client_secret: b, api_url: 'https://user@a'}"},
        {"tiktok.scopes", "tiktok: {client_key: a, client_secret: b, scopes: []}"},
        {"public_url", "public_url: http://gateway.example"},
        {"public_url", "public_url: 'https://%%%%'"},
        {"public_url", "public_url: https://gateway.example?x=1"},
        {"files.directory", "files: {directory: /}"},
        {"files.directory", "files: {directory: /a/..}"},
        {"drain.delay_ms", "drain: {delay_ms: 2000, deadline_ms: 1999}"},
        {"posts.keep_days", "posts: {keep_days: 2}\nuploads: {keep_hours: 49}"},
        {"tiktok.pkce", "tiktok: {client_key: a, client_secret: b, pkce: none}"},
        {"store.url", "store: {url: 'mysql://x'}"},
        {"store.schema", "store: {schema: ''}"},
        {"store.schema", "store: {schema: Gateway}"},
        {"store.schema", "store: {schema: 'a\"; DROP'}"},
        {"store.schema", "store: {schema: pg_gateway}"},
        {"store.schema", "store: {schema: 1a}"},
        {"store.schema", "store: {schema: " + std::string(64, 'a') + "}"},
        {"tiktok.client_key", "tiktok: {client_key: '', client_secret: b}"},
    };
    for (const auto& [key, yaml] : cases) {
        std::string text = yaml + "\nvault: {keys_file: k}\n";
        if (yaml.find("tiktok:") == std::string::npos) text += "tiktok: {client_key: a, client_secret: b}\n";
        EXPECT_THAT(keys_of(load_text(text, {}).faults), Contains(key)) << yaml;
    }
}

TEST(Settings, G01AddressesOfTikTokAreReadStrictly) {
    const std::pair<std::string, std::vector<std::string>> refused[] = {
        {"api_url",
         {"https://[[[%%%", "https://a:b:c", "https://a:99999", "https://a:0", "https://a:", "https://a..b",
          "https://a?x", "https://[::1]:443", "https://1.2.3", "https://", "a.example"}},
        {"authorize_url", {"https://%%%%", "http://www.tiktok.com/v2/", "https://www.tiktok.com/v2/?a=b"}},
        {"upload_hosts",
         {"['*']", "['*:*']", "['*:443']", "['a.example', '**']", "['a b']", "['https://a.example']"}},
        {"verified_url_prefixes",
         {"['http://a.example/']", "['https://com/']", "['https://127.0.0.1/']", "['*']"}},
    };
    const auto of = [](const std::string& name, const std::string& value) {
        return load_text(
                   "vault: {keys_file: k}\ntiktok:\n  client_key: a\n  client_secret: b\n  " + name + ": "
                       + (value.starts_with('[') && !value.starts_with("[[") ? value : "\"" + value + "\"")
                       + "\n",
                   {})
            .faults;
    };
    for (const auto& [name, values] : refused)
        for (const auto& value : values)
            EXPECT_THAT(keys_of(of(name, value)), Contains("tiktok." + name)) << value;
    EXPECT_THAT(of("api_url", "https://localhost:8443"), IsEmpty());
    EXPECT_THAT(of("authorize_url", "https://127.0.0.1:1/v2/auth/authorize/"), IsEmpty());
    EXPECT_THAT(
        of("upload_hosts", "['*.tiktokapis.example', '127.0.0.1:8443', '*-upload.example:*', '[::1]:8443']"),
        IsEmpty());
    EXPECT_THAT(of("verified_url_prefixes", "['https://media.example.com/videos/', 'media.example.com']"),
                IsEmpty());
}

TEST(Settings, G01ABrokenFileIsAFaultAndNotACrash) {
    for (const std::string yaml :
         {"a: [", "- 1", "just text", "listen: 1", "listen: [1]", "a: *b", "? [1]\n: 2"})
        EXPECT_FALSE(load_text(yaml, {}).good()) << yaml;
    EXPECT_FALSE(load("/nonexistent/gateway.yaml", {}).good());
    EXPECT_THAT(keys_of(load_text("workers: 1\nworkers: 2\n" + minimum, {}).faults), Contains("workers"));
}

TEST(Settings, TheEnvironmentWinsOverTheFile) {
    const auto got =
        load_text(minimum + "workers: 3\n", {{"TIKTOK_GATEWAY__WORKERS", "5"},
                                             {"TIKTOK_GATEWAY__TIKTOK__SCOPES", "[video.list]"},
                                             {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET", "[not: yaml"},
                                             {"TIKTOK_GATEWAY__LISTEN__TLS__CERTIFICATE_FILE", "a"},
                                             {"TIKTOK_GATEWAY__LISTEN__TLS__PRIVATE_KEY_FILE", "b"}});
    EXPECT_THAT(got.faults, IsEmpty());
    EXPECT_EQ(got.values.workers, 5U);
    EXPECT_THAT(got.values.tiktok.scopes, testing::ElementsAre("video.list"));
    EXPECT_TRUE(got.values.tiktok.client_secret.equals("[not: yaml"));
    EXPECT_EQ(got.values.listen.tls.private_key_file, "b");
}

TEST(Settings, ASecretCanComeFromAFileWithoutItsLineEnd) {
    const auto path = std::filesystem::temp_directory_path() / ("secret_of_" + std::to_string(::getpid()));
    std::ofstream(path) << "from-a-file\n";
    const std::string yaml =
        "tiktok: {client_key: a, client_secret_file: " + path.string() + "}\nvault: {keys_file: k}\n";
    EXPECT_TRUE(load_text(yaml, {}).values.tiktok.client_secret.equals("from-a-file"));

    // The environment replaces the file's value, whichever form each has.
    const auto over = load_text(yaml, {{"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET", "direct"}});
    EXPECT_THAT(over.faults, IsEmpty());
    EXPECT_TRUE(over.values.tiktok.client_secret.equals("direct"));

    const auto both = load_text(
        "tiktok: {client_key: a, client_secret: b, client_secret_file: c}\nvault: {keys_file: k}", {});
    EXPECT_THAT(keys_of(both.faults), Contains("tiktok.client_secret"));
    std::filesystem::remove(path);
    EXPECT_THAT(keys_of(load_text(yaml, {}).faults), Contains("tiktok.client_secret_file"));
}

TEST(Settings, CallersAreReadWhole) {
    const std::string hash(64, 'A');
    const auto got = load_text(minimum + "listen: {address: 0.0.0.0}\ncallers:\n  - {name: billing, key_sha256: " + hash
                                   + ", users: ['tenant1:*', 'auth0|*', 'rye+tiktok@*', '*=='], actions: [TIKTOK_LIST_VIDEOS], requests_per_minute: 7,"
                                     " return_url_prefixes: ['https://app.example/'], confirm_logins: true}\n",
                               {});
    ASSERT_THAT(got.faults, IsEmpty());
    ASSERT_EQ(got.values.callers.size(), 1U);
    EXPECT_EQ(got.values.callers[0].key_sha256, std::string(64, 'a'));
    EXPECT_EQ(got.values.callers[0].requests_per_minute, 7U);
    EXPECT_TRUE(got.values.callers[0].confirm_logins);
}

TEST(Settings, G01AuditHAFaultyCallerIsNamedByItsPlace) {
    const std::string hash(64, 'a');
    const std::string good = "{name: a, key_sha256: " + hash + "}";
    const std::string caller = "[{name: a, key_sha256: " + hash + ", ";
    const std::pair<std::string, std::string> cases[] = {
        {"[" + good + ", {name: b, key_sha256: 12}]", "[1].key_sha256"},
        {"[{name: a, key_sha256: " + to_hex(sha256("")) + "}]", "[0].key_sha256"},
        {"[{name: a, key_sha256: '" + std::string(64, '0') + "'}]", "[0].key_sha256"},
        {"[" + good + ", {name: b, key_sha256: " + std::string(64, 'A') + "}]", "[1].key_sha256"},
        {caller + "users: ['a b']}]", "[0].users"},
        {caller + "users: ['shop-*', 'a/*']}]", "[0].users"},
        {caller + "users: ['..']}]", "[0].users"},
        {caller + "users: ['" + std::string(129, 'a') + "*']}]", "[0].users"},
        {"[{name: 'a b', key_sha256: " + hash + "}]", "[0].name"},
        {"[{name: anonymous, key_sha256: " + hash + "}]", "[0].name"},
        {"[{name: a}]", "[0].key_sha256"},
        {"[{name: a, key_sha256: " + hash + ", webhook_url: 'https://a'}]", "[0].webhook_url"},
        {"[{name: a, key_sha256: " + hash + ", users: x}]", "[0].users"},
        {"[{name: a, key_sha256: " + hash + ", return_url_prefixes: ['javascript:']}]",
         "[0].return_url_prefixes"},
        {caller + "confirm_logins: yes}]", "[0].confirm_logins"},
        {"[" + good + ", " + good + "]", "[1].name"},
        {"[text]", "[0]"},
    };
    for (const auto& [yaml, place] : cases)
        EXPECT_THAT(load_text(minimum + "callers: " + yaml, {}).faults,
                    Contains(Field(&fault::key, "callers" + place)))
            << yaml;
}

std::vector<fault> faults_of_return_url(const std::string& prefix) {
    return load_text(minimum + "callers: [{name: a, key_sha256: " + std::string(64, 'a')
                         + ", return_url_prefixes: ['" + prefix + "']}]",
                     {})
        .faults;
}

TEST(Settings, G01ABrowserIsSentToNoHostThatOnlyLooksLikeLoopback) {
    for (const char* prefix :
         {"http://127.0.0.1.evil.example/", "http://localhost.evil.example/",
          "http://localhost@evil.example/", "http://app.example/", "https://", "https://*",
          "https://*.app.example/", "https://a b/../#x", "https://app.example/?x", "https://app.example/*",
          "https://app.example/a/../b", "https://[::1/", "javascript:alert(1)", "app.example"})
        EXPECT_THAT(faults_of_return_url(prefix),
                    Contains(Field(&fault::key, "callers[0].return_url_prefixes")))
            << prefix;
    for (const char* prefix :
         {"https://app.example", "https://app.example:8443/back/", "http://127.0.0.1:3000/",
          "http://localhost/x", "http://[::1]:80/", "https://10.0.0.1/"})
        EXPECT_THAT(faults_of_return_url(prefix), IsEmpty()) << prefix;
}

TEST(Settings, G03NoFaultRepeatsASecret) {
    const std::string planted = "planted-7f3a";
    for (const auto& yaml :
         {"tiktok: {client_secret: {a: " + planted + "}}", "tiktok: {client_secret: [" + planted + "]}",
          "tiktok: {client_secret: " + planted + ", client_secret_file: x}",
          "tiktok: {client_secret: '" + planted, "tiktok: {client_secret: *" + planted + "}",
          "tiktok: {client_secret: &" + planted + "}", "tiktok: {client_secret: !<" + planted,
          "store: {url: 'mysql://x:" + planted + "@h/d'}"})
        for (const auto& one : load_text(yaml, {}).faults)
            EXPECT_THAT(text_of(one), Not(HasSubstr(planted)));
}

/// config/gateway.yaml with its commented-out settings (`#name:`) switched on.
std::string documented_settings() {
    std::ifstream file(std::string(PROJECT_FOLDER) + "/config/gateway.yaml");
    std::string text, line;
    while (std::getline(file, line)) {
        const auto at = line.find_first_not_of(' ');
        if (at != std::string::npos && line[at] == '#' && at + 1 < line.size() && line[at + 1] >= 'a'
            && line[at + 1] <= 'z')
            line.erase(at, 1);
        text += line + "\n";
    }
    return text;
}

TEST(Settings, TheExplainedFileHoldsEveryKeyAtItsDefault) {
    const environment required{{"TIKTOK_GATEWAY__TIKTOK__CLIENT_KEY", "a"},
                               {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET", "b"},
                               {"TIKTOK_GATEWAY__VAULT__KEYS_FILE", "c"}};
    const auto got = load_text(documented_settings(), required);
    ASSERT_THAT(got.faults, IsEmpty());
    const auto plain = load_text("", required);
    for (const auto& row : keys())
        EXPECT_TRUE(row.same(got.values, plain.values)) << row.key;
    EXPECT_EQ(got.values.callers, plain.values.callers);
    EXPECT_EQ(got.values.public_url, plain.values.public_url);
    EXPECT_EQ(got.values.workers, plain.values.workers);
    EXPECT_EQ(got.values.store.url.reveal(), plain.values.store.url.reveal());
    EXPECT_EQ(got.values.store.connections, plain.values.store.connections);
    EXPECT_EQ(got.values.tiktok.api_url, plain.values.tiktok.api_url);
    EXPECT_EQ(got.values.tiktok.authorize_url, plain.values.tiktok.authorize_url);
    EXPECT_EQ(got.values.tiktok.scopes, plain.values.tiktok.scopes);
    EXPECT_EQ(got.values.tiktok.pkce, plain.values.tiktok.pkce);
    EXPECT_EQ(got.values.tiktok.default_privacy_level, plain.values.tiktok.default_privacy_level);
    EXPECT_EQ(got.values.tiktok.connections_per_host, plain.values.tiktok.connections_per_host);
    EXPECT_EQ(got.values.tiktok.waiters_per_host, plain.values.tiktok.waiters_per_host);

    // A key that is missing in the file can be added without a fault for giving it twice.
    const std::string text = documented_settings();
    for (const auto& row : keys()) {
        const std::string last(row.key.substr(row.key.rfind('.') + 1));
        EXPECT_THAT(text, HasSubstr(last + ":")) << row.key;
    }
}

TEST(Settings, AuditHTheProductionExampleIsValidOnceItsCallerHasAKey) {
    environment given{{"TIKTOK_GATEWAY__TIKTOK__CLIENT_KEY", "a"},
                      {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET", "b"}};
    const std::string file = std::string(PROJECT_FOLDER) + "/config/production.yaml";
    EXPECT_THAT(keys_of(load(file, given).faults), testing::ElementsAre("callers[0].key_sha256"));
    given["TIKTOK_GATEWAY__CALLERS"] = "[{name: a, key_sha256: " + std::string(64, 'a') + "}]";
    for (const auto& one : load(file, given).faults)
        ADD_FAILURE() << one.key << " " << one.reason;
}

} // namespace
} // namespace gateway::settings
