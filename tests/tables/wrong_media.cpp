#include "tables/wrong_kinds.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <utility>

namespace tables {
namespace json = boost::json;

std::vector<wrong_value> wrong_urls() {
    const std::string plain = "must be plain ASCII without blanks or control characters";
    return {{"PlainHttp", text("http://a.example/v"), "must be an https URL"},
            {"Empty", text(""), "must be an https URL"},
            {"CarriageReturn", text("https://a.example/x\r\nHost: b"), plain},
            {"Umlaut", text("https://a.example/\xc3\xa4"), plain},
            {"Userinfo", text("https://user@a.example/v"), "must not hold a user name or password"},
            {"Port", text("https://a.example:8443/v"), "must use port 443"},
            {"Fragment", text("https://a.example/v#x"), "must not have a fragment"},
            {"Address", text("https://127.0.0.1/v"), "must not name an address"},
            {"Address6", text("https://[::1]/v"), "must not name an address"},
            {"Localhost", text("https://localhost/v"), "must name a public host"},
            {"Dots", text("https://a.example/../v"), "must not hold dot segments"},
            {"HiddenDots", text("https://a.example/%2E%2e/v?a=b"), "must not hold dot segments"},
            {"Backslash", text("https://a.example\\v"), "must not hold a backslash"},
            {"Bracket", text("https://a.example/[v]"), "holds a character that must be escaped"},
            {"TooLong", text("https://a.example/" + std::string(4096, 'a')),
             "must not be longer than 4096 bytes"}};
}

std::vector<wrong_value> wrong_files() {
    const std::string shape = "must be an object {name, mimetype, file_id}";
    const std::string label = "must be a string of at most 255 characters without control characters";
    const std::string foreign = "is not a file_id; stage the bytes with POST /v1/files first";
    const std::string once = "needs file_id (or s3key), once";
    const auto with = [](const char* member, json::value value) {
        return json::object{{"file_id", good_file}, {member, std::move(value)}};
    };
    return {{"Text", text(good_file), shape},
            {"List", json::array{good_file}, shape},
            {"NullAsId", json::object{{"file_id", nullptr}}, once},
            {"NullAsBothIds", json::object{{"file_id", nullptr}, {"s3key", nullptr}}, once},
            {"NullAsUnknownMember", with("path", nullptr),
             "has \"path\", which is not name, mimetype or file_id"},
            {"NoId", json::object{{"name", "a.mp4"}}, once},
            {"BothIds", with("s3key", good_file), once},
            {"ForeignKey", json::object{{"s3key", "bucket/video.mp4"}}, foreign, ".s3key"},
            {"EmptyId", json::object{{"file_id", ""}}, foreign, ".file_id"},
            {"NumberAsId", json::object{{"file_id", 5}}, label, ".file_id"},
            {"NumberAsName", with("name", 5), label, ".name"},
            {"NewLineInName", with("name", "a\nb"), label, ".name"},
            {"LongName", with("name", text(std::string(256, 'a'))), label, ".name"},
            {"ControlInType", with("mimetype", "video/mp4\r"), label, ".mimetype"},
            {"UnknownMember", with("path", "/etc/passwd"),
             "has \"path\", which is not name, mimetype or file_id"}};
}

} // namespace tables
