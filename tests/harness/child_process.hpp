// A program under test: starts it, collects its output, and sends it signals; the destructor kills it if it
// still runs.
#pragma once
#include "base/clock.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace harness {

class child_process {
public:
    /// `folder` becomes its working directory; `variables` are added to the environment.
    child_process(std::vector<std::string> command, const std::string& folder,
                  const std::map<std::string, std::string>& variables = {});
    ~child_process();
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;

    pid_t pid() const { return pid_; }
    /// The first line of its standard output. Throws with its standard error if there is none in time.
    std::string first_line(gateway::milliseconds wait = gateway::seconds{20});
    /// Waits until its standard output contains `text`. `false`: it did not in time.
    bool says(const std::string& text, gateway::milliseconds wait = gateway::seconds{10}) const;

    void signal(int number) const;
    /// Waits until a signal has stopped it (SIGSTOP). `false`: it ended, or kept running until `patience` was
    /// over.
    bool stands_still(gateway::milliseconds patience) const;
    /// Its exit status, or 128 and the signal that ended it. Empty: it still runs.
    std::optional<int> wait(gateway::milliseconds patience);

    /// Whether its end left a core dump behind.
    bool dumped_core() const { return dumped_core_; }

    std::string output() const; // so far
    std::string errors() const;
    /// Everything, once the program has ended.
    std::string output_at_end() const;
    std::string errors_at_end() const;
    /// Closes the reading end of its standard output, so that its writes fail from now on.
    void close_output();

private:
    struct collector;
    pid_t pid_ = -1;
    int pid_handle_ = -1;
    std::optional<int> status_;
    bool dumped_core_ = false;
    std::unique_ptr<collector> output_, errors_;
};

} // namespace harness
