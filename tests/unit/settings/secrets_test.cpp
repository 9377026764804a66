// Secrets from files and variables: additions of editors, shells or Kubernetes Secrets around them are
// removed; invalid ones refuse the start with their key.
#include "base/secret_text.hpp"
#include "settings/keys.hpp"
#include "settings/loader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace gateway::settings {
namespace {

using testing::Contains;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string bom{byte_order_mark};
const std::string planted = "planted-7f3a";

/// A valid value for the key that contains `text`.
std::string fitting(std::string_view key, const std::string& text) {
    return key == "store.url" ? "sqlite:" + text : text;
}

/// One way to give a value; gives the result.
struct way {
    std::string name;
    loaded (*give)(const std::string& key, const std::string& value);
    std::string key_suffix, source;
};

std::string variable_of(const std::string& key) {
    std::string name = "TIKTOK_GATEWAY__";
    for (const char letter : key)
        name += letter == '.' ? std::string("__") : std::string(1, static_cast<char>(std::toupper(letter)));
    return name;
}

environment others_than(const std::string& key) {
    environment all{{"TIKTOK_GATEWAY__TIKTOK__CLIENT_KEY", "app"},
                    {"TIKTOK_GATEWAY__TIKTOK__CLIENT_SECRET", "other"},
                    {"TIKTOK_GATEWAY__VAULT__KEYS_FILE", "keys"}};
    all.erase(variable_of(key));
    return all;
}

loaded by_variable(const std::string& key, const std::string& value) {
    auto all = others_than(key);
    all[variable_of(key)] = value;
    return load_text("", all);
}

/// Quoted so that every byte is kept, without YAML's folding of lines.
loaded by_settings_file(const std::string& key, const std::string& value) {
    std::string quoted = "\"";
    for (const char letter : value) {
        if (letter == '\n')
            quoted += "\\n";
        else if (letter == '\r')
            quoted += "\\r";
        else if (letter == '\t')
            quoted += "\\t";
        else if (letter == '\x01')
            quoted += "\\x01";
        else
            quoted += letter;
    }
    const auto dot = key.find('.');
    return load_text(key.substr(0, dot) + ": {" + key.substr(dot + 1) + ": " + quoted + "\"}\n",
                     others_than(key), "f.yaml");
}

std::string secret_path() {
    return (std::filesystem::temp_directory_path() / ("secret_of_" + std::to_string(::getpid()))).string();
}

loaded by_file(const std::string& key, const std::string& value) {
    std::ofstream(secret_path(), std::ios::binary) << value;
    auto all = others_than(key);
    all[variable_of(key) + "_FILE"] = secret_path();
    auto got = load_text("", all);
    std::filesystem::remove(secret_path());
    return got;
}

const std::vector<way>& ways() {
    static const std::vector<way> all{{"variable", by_variable, "", "environment variable TIKTOK_GATEWAY__"},
                                      {"settings file", by_settings_file, "", "f.yaml, line 1"},
                                      {"file of its own", by_file, "_file", secret_path()}};
    return all;
}

std::vector<std::string> secret_keys() {
    std::vector<std::string> all;
    for (const auto& row : keys())
        if (row.is_secret) all.emplace_back(row.key);
    return all;
}

const std::vector<std::pair<std::string, std::string>> around{
    {"", ""},           {"", "\n"},
    {"", "\r\n"},       {"", "\r"},
    {"", "\n\n\r\n"},   {"\n", "\n"},
    {bom, ""},          {bom, "\r\n"},
    {bom + "\n", "\n"}, {"\r\n" + bom, "\n" + bom},
    {bom + bom, ""},    {"\n" + bom + "\n", "\r\n"}};

TEST(Settings, FaultOLineEndsAndAMarkAroundEverySecretAreCutOffHoweverItIsGiven) {
    for (const auto& key : secret_keys()) {
        const auto plain = by_variable(key, fitting(key, "a b~!9"));
        ASSERT_THAT(plain.faults, IsEmpty()) << key;
        for (const auto& how : ways()) {
            for (const auto& [before, after] : around) {
                const auto got = how.give(key, before + fitting(key, "a b~!9") + after);
                EXPECT_THAT(got.faults, IsEmpty()) << key << " by " << how.name;
                EXPECT_TRUE(find_key(key)->same(got.values, plain.values)) << key << " by " << how.name;
            }
        }
    }
}

TEST(Settings, FaultOWhatCannotBelongToASecretRefusesTheStartByKeyAndIsNotRepeated) {
    const std::vector<std::pair<std::string, std::string>> wrong{
        {" " + planted, "begins with a blank"},   {"\t" + planted, "begins with a blank"},
        {"\n " + planted, "begins with a blank"}, {bom + " " + planted, "begins with a blank"},
        {planted + " ", "ends with a blank"},     {planted + "\t", "ends with a blank"},
        {planted + " \r\n", "ends with a blank"}, {planted + "\n" + planted, "line end"},
        {planted + "\r" + planted, "line end"},   {planted + bom + planted, "not ASCII"},
        {planted + "\xC2\xA0", "not ASCII"},     // a no-break space
        {"\xE2\x80\x8B" + planted, "not ASCII"}, // a zero-width space
        {planted + "\xE2\x80\x9D", "not ASCII"}, // a typographic quote
        {planted + "\xC3\xA9", "not ASCII"},      {planted + "\x01", "control character"},
        {planted + "\x7f", "control character"}};
    for (const auto& key : secret_keys()) {
        for (const auto& how : ways()) {
            for (const auto& [text, reason] : wrong) {
                // A text at the start must stay at the start.
                const auto got = how.give(key, text.starts_with(planted) ? fitting(key, text) : text);
                EXPECT_THAT(got.faults,
                            Contains(testing::AllOf(Field(&fault::key, key + how.key_suffix),
                                                    Field(&fault::reason, HasSubstr(reason)),
                                                    Field(&fault::source, HasSubstr(how.source)))))
                    << key << " by " << how.name << ": " << reason;
                for (const auto& one : got.faults)
                    EXPECT_THAT(text_of(one), Not(HasSubstr(planted)));
            }
        }
    }
}

TEST(Settings, FaultOAFileInUtf16OrOfNothingIsRefusedByKey) {
    for (const std::string& text : {std::string("\xff\xfep\0l\0", 6), std::string("a\0b", 3), std::string(),
                                    std::string("\n"), bom, bom + "\r\n", std::string(" \n")})
        for (const auto& key : secret_keys())
            EXPECT_THAT(by_file(key, text).faults, Contains(Field(&fault::key, key + "_file"))) << key;
}

TEST(Settings, FaultOTheAppsKeyAndTheHashOfACallersKeyAreAsExact) {
    for (const auto& [before, after] : around) {
        const auto got = by_variable("tiktok.client_key", before + "app" + after);
        EXPECT_THAT(got.faults, IsEmpty());
        EXPECT_EQ(got.values.tiktok.client_key, "app");
    }
    for (const std::string text : {" app", "app ", "app\t", "a\np", "app\xC2\xA0"})
        EXPECT_THAT(by_variable("tiktok.client_key", text).faults,
                    Contains(Field(&fault::key, "tiktok.client_key")));
    const std::string hash(64, 'a');
    auto variables = others_than("");
    variables["TIKTOK_GATEWAY__CALLERS"] = "- name: a\n  key_sha256: |\n    " + hash + "\n";
    const auto block = load_text("", variables);
    ASSERT_THAT(block.faults, IsEmpty());
    EXPECT_EQ(block.values.callers[0].key_sha256, hash);
    variables["TIKTOK_GATEWAY__CALLERS"] = "[{name: a, key_sha256: ' " + hash + "'}]";
    EXPECT_THAT(load_text("", variables).faults, Contains(Field(&fault::key, "callers[0].key_sha256")));
}

} // namespace
} // namespace gateway::settings
