// What the tests of validation over the wire share: the rows as the service prints them, a way to send any
// case of tests/tables, and what every refusal looks like.
#pragma once
#include "flow/action_test.hpp"
#include "tables/refusals.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

class validation_test : public action_test {
protected:
    /// Asks print_rows once.
    const std::vector<tables::row_shape>& rows();
    const tables::row_shape& row_of(std::string_view slug);

    /// The row's path with each of its places filled; `{user_id}` by the user.
    static std::string filled(const tables::row_shape& row, const std::string& user,
                              const std::string& publish_id = "v_inbox_file~v2.77",
                              const std::string& file_id = "file_01JD0000000000000000000000");
    harness::answer send(const tables::row_shape& row, tables::way sent, const std::string& given,
                         const harness::fields& more = {});

    /// 422 invalid_input with these faults and nothing else in it.
    static void expect_refused(const harness::answer& got, const std::string& faults);
    /// `field reason`, a line for each.
    static std::string faults_of(const harness::answer& got);

    /// Calls TikTok has seen of us, whatever they were.
    std::int64_t seen_by_tiktok();

    std::string user;

    void SetUp() override { user = another_user(); }

private:
    std::vector<tables::row_shape> rows_;
};
