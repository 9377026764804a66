// Settings from the environment: values are literal, an empty variable counts as absent, and faults name the
// variable.
#include "settings/keys.hpp"
#include "settings/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace gateway::settings {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// `a.b_c` as its variable.
std::string variable_of(std::string_view key) {
    std::string name = "TIKTOK_GATEWAY__";
    for (const char letter : key)
        name += letter == '.'
                    ? std::string("__")
                    : std::string(1, static_cast<char>(std::toupper(static_cast<unsigned char>(letter))));
    return name;
}

environment required_variables() {
    return {{"TIKTOK_GATEWAY__TIKTOK__CLIENT_KEY", "app"},
            {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET", "secret"},
            {"TIKTOK_GATEWAY__VAULT__KEYS_FILE", "keys"}};
}

environment with(const std::string& name, const std::string& value) {
    auto all = required_variables();
    all[name] = value;
    return all;
}

/// A file that gives `key` exactly this text, quoted for YAML.
std::string quoted_in_file(std::string key, const std::string& text) {
    std::string value = "'", opened, closed;
    for (const char letter : text)
        value += letter == '\'' ? std::string("''") : std::string(1, letter);
    for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.')) {
        opened += "{" + key.substr(0, dot) + ": ";
        closed += "}";
        key = key.substr(dot + 1);
    }
    return opened + "{" + key + ": " + value + "'}" + closed;
}

/// The key from a file, the other required keys from the environment.
loaded from_file(std::string_view key, const std::string& text) {
    auto others = required_variables();
    others.erase(variable_of(key));
    return load_text(quoted_in_file(std::string(key), text), others);
}

std::vector<std::string> reasons_of(const std::vector<fault>& faults) {
    std::vector<std::string> all;
    for (const auto& one : faults)
        all.push_back(one.key + ": " + one.reason);
    return all;
}

const std::vector<std::string>& odd_texts() {
    static const std::vector<std::string> all{
        "::",           "::1",   "a: b",    ":",     "#a",   "a #b",  "[",
        "[a]",          "[a, b", "{a: b}",  "{",     "*a",   "&a",    "&a b",
        "'a'",          "'",     "\"a\"",   "\"",    "-",    "- a",   "-a",
        "---",          "!a",    "!!int 1", "|",     ">",    "%a",    "@a",
        "`a",           "~",     "null",    "true",  "0x10", "1_000", " 1",
        "1 ",           "? a",   "<<",      ",",     "a,b",  "\\",    "a\\nb",
        "0.0.0.0",      "8080",  "1.5",     "debug", "off",  "hex",   "https://a.example:1/x#y",
        "sqlite:a b.db"};
    return all;
}

TEST(Settings, FaultPAScalarFromTheEnvironmentIsTakenAsItStandsForEveryKey) {
    for (const auto& row : keys()) {
        if (row.is_structured) continue;
        const auto name = variable_of(row.key);
        for (const auto& text : odd_texts()) {
            SCOPED_TRACE(name + "=" + text);
            const auto got = load_text("", with(name, text));
            const auto meant = from_file(row.key, text);
            EXPECT_EQ(reasons_of(got.faults), reasons_of(meant.faults));
            EXPECT_TRUE(row.same(got.values, meant.values));
            for (const auto& one : got.faults)
                EXPECT_TRUE(one.key != row.key || one.source.find(name) != std::string::npos) << text_of(one);
        }
    }
}

TEST(Settings, FaultPAnAddressOfColonsIsAnAddress) {
    auto variables = with("TIKTOK_GATEWAY__LISTEN__ADDRESS", "::");
    variables["TIKTOK_GATEWAY__CALLERS"] = "[{name: a, key_sha256: " + std::string(64, 'a') + "}]";
    const auto got = load_text("", variables);
    EXPECT_THAT(got.faults, IsEmpty());
    EXPECT_EQ(got.values.listen.address, "::");
}

TEST(Settings, FaultPTheFileOfASecretIsNamedLiterallyToo) {
    for (const auto& row : keys()) {
        if (!row.is_secret) continue;
        const std::string key = std::string(row.key) + "_file";
        for (const auto& text : odd_texts()) {
            auto variables = with(variable_of(key), "/nonexistent/" + text);
            variables.erase(variable_of(row.key));
            EXPECT_THAT(load_text("", variables).faults,
                        Contains(testing::AllOf(Field(&fault::key, key),
                                                Field(&fault::source, HasSubstr("/nonexistent/" + text)),
                                                Field(&fault::source, HasSubstr(variable_of(key))))))
                << text;
        }
    }
}

TEST(Settings, FaultPAnEmptyVariableOfAnyKeyCountsAsAbsent) {
    environment empty{{"TIKTOK_GATEWAY__NO__SUCH_KEY", ""}};
    for (const auto& row : keys()) {
        empty[variable_of(row.key)] = "";
        if (row.is_secret) empty[variable_of(row.key) + "_FILE"] = "";
    }
    const std::string file =
        "listen: {port: 9000, address: '::1'}\n"
        "tiktok: {client_key: app, client_secret: secret, scopes: [video.list], resolve: {a: 127.0.0.1}}\n"
        "vault: {keys_file: keys}\n"
        "callers: [{name: a, key_sha256: "
        + std::string(64, 'a') + "}]\n";
    const auto got = load_text(file, empty);
    const auto plain = load_text(file, {});
    ASSERT_THAT(plain.faults, IsEmpty());
    EXPECT_THAT(reasons_of(got.faults), IsEmpty());
    for (const auto& row : keys())
        EXPECT_TRUE(row.same(got.values, plain.values)) << row.key;
    EXPECT_EQ(got.values.listen.port, 9000);
    EXPECT_EQ(reasons_of(load_text("", empty).faults), reasons_of(load_text("", {}).faults));
}

TEST(Settings, FaultPAnEmptyVariableDoesNotStandBesideTheFileOfItsSecret) {
    const auto got = load_text("", {{"TIKTOK_GATEWAY__TIKTOK__CLIENT_KEY", "app"},
                                    {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET", "secret"},
                                    {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET_FILE", ""},
                                    {"TIKTOK_GATEWAY__VAULT__KEYS_FILE", "keys"}});
    EXPECT_THAT(reasons_of(got.faults), IsEmpty());
    EXPECT_TRUE(got.values.tiktok.client_secret.equals("secret"));
}

TEST(Settings, FaultPListsAndMapsOfTheEnvironmentAreYaml) {
    auto variables = with("TIKTOK_GATEWAY__TIKTOK__SCOPES", "[video.list, 'video.upload']");
    variables["TIKTOK_GATEWAY__TIKTOK__RESOLVE"] = "{a.example: 127.0.0.1}";
    variables["TIKTOK_GATEWAY__TIKTOK__UPLOAD_HOSTS"] = "- a.example\n- '*.b.example'\n";
    const auto got = load_text("", variables);
    EXPECT_THAT(reasons_of(got.faults), IsEmpty());
    EXPECT_THAT(got.values.tiktok.scopes, testing::ElementsAre("video.list", "video.upload"));
    EXPECT_EQ(got.values.tiktok.resolve.at("a.example"), "127.0.0.1");
    EXPECT_THAT(got.values.tiktok.upload_hosts, testing::ElementsAre("a.example", "*.b.example"));
    for (const auto& row : keys()) {
        if (!row.is_structured) continue;
        for (const std::string wrong : {"video.list", "[a", "*a", "~", "[[a]]", "{a: [b]}"})
            EXPECT_THAT(load_text("", with(variable_of(row.key), wrong)).faults,
                        Contains(Field(&fault::source, HasSubstr(variable_of(row.key)))))
                << row.key << ": " << wrong;
    }
}

TEST(Settings, FaultPEveryMessageAboutAValueNamesWhereItCameFrom) {
    for (const auto& row : keys()) {
        const std::string key(row.key);
        std::string file = "\n\n" + quoted_in_file(key, "x");
        file.replace(file.find("'x'"), 3, "{a: {b: c}}");
        EXPECT_THAT(load_text(file, {}, "conf/gateway.yaml").faults,
                    Contains(testing::AllOf(Field(&fault::key, testing::StartsWith(key)),
                                            Field(&fault::source, "conf/gateway.yaml, line 3"))));
        const auto by_variable = load_text("", with(variable_of(key), "\x01"));
        EXPECT_THAT(by_variable.faults, Contains(Field(&fault::source, HasSubstr(variable_of(key))))) << key;
    }
    const std::pair<std::string, std::string> wrong[] = {
        {"lisen: 1", "f, line 1"},
        {"\nlisten: {adress: x}", "f, line 2"},
        {"workers: 1\nworkers: 2", "f, line 1, and f, line 2"},
        {"a: [", "f"},
        {"\n\ntiktok: {client_secret: a,\n  client_secret_file: b}", "f, line 3, and f, line 4"}};
    for (const auto& [text, source] : wrong)
        EXPECT_THAT(load_text(text, {}, "f").faults, Contains(Field(&fault::source, source))) << text;
}

TEST(Settings, FaultPValuesThatDoNotFitEachOtherAreNamedByTheOneThatWasGiven) {
    const std::pair<std::string, std::string> wrong[] = {{"LISTEN__ADDRESS", "0.0.0.0"},
                                                         {"LISTEN__PORT", "8081"},
                                                         {"LISTEN__TLS__CERTIFICATE_FILE", "a.pem"},
                                                         {"DRAIN__DEADLINE_MS", "10"},
                                                         {"PUBLIC_URL", "http://a.example"},
                                                         {"TIKTOK__SCOPES", "['Video List']"},
                                                         {"STORE__URL", "mysql://a"}};
    for (const auto& [name, value] : wrong)
        EXPECT_THAT(
            load_text("", with("TIKTOK_GATEWAY__" + name, value)).faults,
            testing::ElementsAre(Field(&fault::source, "environment variable TIKTOK_GATEWAY__" + name)))
            << name;
}

TEST(Settings, FaultPOneKeyByTwoVariablesIsRefusedWithBothNames) {
    auto variables = with("TIKTOK_GATEWAY__WORKERS", "1");
    variables["TIKTOK_GATEWAY__workers"] = "2";
    EXPECT_THAT(
        load_text("", variables).faults,
        testing::ElementsAre(testing::AllOf(Field(&fault::key, "workers"),
                                            Field(&fault::source, HasSubstr("TIKTOK_GATEWAY__WORKERS")),
                                            Field(&fault::source, HasSubstr("TIKTOK_GATEWAY__workers")))));
}

TEST(Settings, FaultPAFaultIsOneLineOfKeyReasonAndSource) {
    EXPECT_EQ(text_of({"a.b", "must be c", "f, line 3"}), "a.b: must be c (f, line 3)");
    EXPECT_EQ(text_of({"a.b", "is missing"}), "a.b: is missing");
    EXPECT_EQ(text_of({"", "is not YAML", "f"}), "is not YAML (f)");
}

} // namespace
} // namespace gateway::settings
