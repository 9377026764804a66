// The program run to its end with a settings file of the test: for the tests of the command line and of what
// it refuses.
#pragma once
#include "harness/programs.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace harness {

struct ended {
    int status = -1;
    std::string output, errors;
};

inline ended run_to_end(const std::vector<std::string>& command, const temp_folder& folder,
                        const std::map<std::string, std::string>& variables = {}) {
    child_process child(command, folder.path().string(), variables);
    const auto status = child.wait(gateway::seconds{20});
    EXPECT_TRUE(status) << "it does not end";
    return {status.value_or(-1), child.output_at_end(), child.errors_at_end()};
}

} // namespace harness

class Commands : public testing::Test {
protected:
    harness::temp_folder folder;

    harness::ended run(std::vector<std::string> arguments,
                       const std::map<std::string, std::string>& variables = {}) const {
        arguments.insert(arguments.begin(), GATEWAY_PROGRAM);
        return harness::run_to_end(arguments, folder, variables);
    }
    /// A settings file with the required keys and `more`.
    std::string settings(const std::string& more = {}) const {
        return folder.write("gateway.yaml",
                            "tiktok: {client_key: a, client_secret: planted-4711-secret}\n"
                            "vault: {keys_file: "
                                + harness::keys_file_in(folder) + "}\n" + more);
    }
};
