// The fixture of the validation tests over HTTP: the rows as the service prints them, sending any case of
// tests/tables, and the checks of every refusal.
#pragma once
#include "flow/action_test.hpp"
#include "tables/refusals.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

class validation_test : public action_test {
protected:
    /// Runs print_rows once.
    const std::vector<tables::row_shape>& rows();
    const tables::row_shape& row_of(std::string_view slug);

    /// The row's path with all parameters filled in; `{user_id}` with the user.
    static std::string filled(const tables::row_shape& row, const std::string& user,
                              const std::string& publish_id = "v_inbox_file~v2.77",
                              const std::string& file_id = "file_01JD0000000000000000000000");
    harness::answer send(const tables::row_shape& row, tables::way sent, const std::string& given,
                         const harness::fields& more = {});

    /// Expects 422 invalid_input with exactly these faults.
    static void expect_refused(const harness::answer& got, const std::string& faults);
    /// `field reason`, one per line.
    static std::string faults_of(const harness::answer& got);

    /// The number of calls that TikTok received.
    std::int64_t seen_by_tiktok();

    std::string user;

    void SetUp() override { user = another_user(); }

private:
    std::vector<tables::row_shape> rows_;
};
