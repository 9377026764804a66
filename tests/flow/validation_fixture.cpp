#include "flow/validation_test.hpp"
#include "harness/child_process.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <cctype>
#include <stdexcept>

namespace {

std::string form_with(const std::string& input) {
    return "--b0\r\nContent-Disposition: form-data; name=\"input\"\r\nContent-Type: application/json\r\n\r\n"
           + input
           + "\r\n--b0\r\nContent-Disposition: form-data; name=\"file_to_upload\"; filename=\"a.mp4\"\r\n"
             "Content-Type: video/mp4\r\n\r\n"
           + mp4(40) + "\r\n--b0--\r\n";
}

void replace(std::string& in, std::string_view place, const std::string& by) {
    if (const auto found = in.find(place); found != std::string::npos) in.replace(found, place.size(), by);
}

/// Path parameters that are known to one action alone.
void fill_the_rest(std::string& path) {
    for (auto open = path.find('{'); open != std::string::npos; open = path.find('{'))
        path.replace(open, path.find('}', open) + 1 - open, "7");
}

} // namespace

const std::vector<tables::row_shape>& validation_test::rows() {
    if (!rows_.empty()) return rows_;
    harness::child_process printer({ROWS_PROGRAM}, w.folder().path().string());
    if (printer.wait(gateway::seconds{20}) != 0)
        throw std::runtime_error("print_rows did not print the rows");
    return rows_ = tables::row_shapes(boost::json::parse(printer.output_at_end()));
}

const tables::row_shape& validation_test::row_of(std::string_view slug) {
    const auto found =
        std::find_if(rows().begin(), rows().end(), [slug](const auto& each) { return each.slug == slug; });
    if (found == rows().end()) throw std::runtime_error("no row of " + std::string(slug));
    return *found;
}

std::string validation_test::filled(const tables::row_shape& row, const std::string& user,
                                    const std::string& publish_id, const std::string& file_id) {
    std::string path = row.path;
    replace(path, "{user_id}", user);
    replace(path, "{publish_id}", publish_id);
    replace(path, "{file_id}", file_id);
    fill_the_rest(path);
    return path;
}

harness::answer validation_test::send(const tables::row_shape& row, tables::way sent,
                                      const std::string& given, const harness::fields& more) {
    const auto path = filled(row, user);
    auto fields = more;
    const auto as = [&](const char* type, const std::string& target, const std::string& body) {
        fields.emplace("Content-Type", type);
        return w.api().call(row.verb, target, fields, body);
    };
    const auto with_query = path + (given.empty() ? "" : "?" + given);
    switch (sent) {
        case tables::way::query:
            if (row.takes == "stream") return as("video/mp4", with_query, mp4(40));
            return w.api().call(row.verb, with_query, more);
        case tables::way::body:
            return as("application/json", path, given);
        case tables::way::form:
            return as("multipart/form-data; boundary=b0", path, form_with(given));
        case tables::way::video:
            return as("video/mp4", with_query, mp4(40));
    }
    return {};
}

std::string validation_test::faults_of(const harness::answer& got) {
    std::string lines;
    const auto fields = got.at("problem.fields");
    if (!fields.is_array()) return lines;
    for (const auto& each : fields.as_array())
        lines += (lines.empty() ? "" : "\n") + text_in(each.as_object(), "field") + ' '
                 + text_in(each.as_object(), "reason");
    return lines;
}

void validation_test::expect_refused(const harness::answer& got, const std::string& faults) {
    EXPECT_EQ(got.status, 422) << got.raw;
    EXPECT_EQ(got.code(), "invalid_input");
    EXPECT_EQ(faults_of(got), faults) << got.raw;
    EXPECT_EQ(got.at("data"), boost::json::object{}) << got.raw;
    EXPECT_EQ(got.at("successful"), false);
    const auto sentence = got.text_at("error");
    const auto first = static_cast<unsigned char>(sentence.empty() ? ' ' : sentence.front());
    EXPECT_TRUE(sentence.size() > 10 && (std::isupper(first) || std::isdigit(first))
                && sentence.back() == '.')
        << sentence;
    EXPECT_EQ(sentence.find(" it \""), std::string::npos)
        << sentence; // a reason continues after the word "it"
    EXPECT_EQ(got.at("problem.status"), 422);
    EXPECT_EQ(got.at("problem.retryable"), false);
    EXPECT_EQ(got.text_at("problem.request_id"), got.header("x-request-id"));
    // Nothing reached TikTok, and a retry would fail again.
    EXPECT_EQ(got.header("x-should-retry"), "");
    EXPECT_EQ(got.header("retry-after"), "");
}

std::int64_t validation_test::seen_by_tiktok() {
    return w.tiktok().history().at("requests_seen").to_number<std::int64_t>();
}
