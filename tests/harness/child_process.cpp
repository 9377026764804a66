#include "harness/child_process.hpp"

#include <condition_variable>
#include <csignal>
#include <fcntl.h>
#include <mutex>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace harness {

/// Reads one pipe to its end on a thread of its own.
struct child_process::collector {
    explicit collector(int from) : descriptor(from), thread([this] { read_all(); }) {}
    ~collector() {
        leave();
        close(leave_handle);
    }
    /// Stops reading and closes the pipe.
    void leave() {
        if (descriptor < 0) return;
        eventfd_write(leave_handle, 1);
        thread.join();
        close(descriptor);
        descriptor = -1;
    }
    void read_all() {
        char space[65536];
        while (true) {
            pollfd ready[2] = {{descriptor, POLLIN, 0}, {leave_handle, POLLIN, 0}};
            poll(ready, 2, -1);
            // The program's remaining output is read before the thread ends.
            if (ready[0].revents == 0 && ready[1].revents != 0) return;
            const auto got = read(descriptor, space, sizeof space);
            if (got < 0 && errno == EINTR) continue;
            const std::lock_guard lock(mutex);
            if (got <= 0)
                ended = true;
            else
                text.append(space, static_cast<std::size_t>(got));
            changed.notify_all();
            if (got <= 0) return;
        }
    }
    template <class Found>
    bool wait_for(gateway::milliseconds wait, Found found) {
        std::unique_lock lock(mutex);
        changed.wait_for(lock, wait, [&] { return ended || found(text); });
        return found(text);
    }
    std::string copy() {
        const std::lock_guard lock(mutex);
        return text;
    }

    std::string until_end() {
        wait_for(gateway::seconds{10}, [](const std::string&) { return false; });
        return copy();
    }

    int descriptor;
    int leave_handle = eventfd(0, EFD_CLOEXEC);
    std::mutex mutex;
    std::condition_variable changed;
    std::string text;
    bool ended = false;
    std::thread thread;
};

namespace {

struct pipe_ends {
    int read_end = -1, write_end = -1;
};

pipe_ends open_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    return {ends[0], ends[1]};
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& variables) {
    std::vector<std::string> lines;
    for (char** line = environ; *line; ++line) {
        const std::string text(*line);
        if (!variables.contains(text.substr(0, text.find('=')))) lines.push_back(text);
    }
    for (const auto& [name, value] : variables)
        lines.push_back(name + "=" + value);
    return lines;
}

} // namespace

child_process::child_process(std::vector<std::string> command, const std::string& folder,
                             const std::map<std::string, std::string>& variables) {
    const pipe_ends out = open_pipe(), err = open_pipe();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.write_end, 1);
    posix_spawn_file_actions_adddup2(&actions, err.write_end, 2);
    posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    auto lines = environment_with(variables);
    const int wrong = posix_spawn(&pid_, command[0].c_str(), &actions, nullptr, pointers_to(command).data(),
                                  pointers_to(lines).data());
    posix_spawn_file_actions_destroy(&actions);
    close(out.write_end);
    close(err.write_end);
    output_ = std::make_unique<collector>(out.read_end);
    errors_ = std::make_unique<collector>(err.read_end);
    if (wrong != 0) throw std::runtime_error("cannot start " + command[0]);
    pid_handle_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
}

child_process::~child_process() {
    if (pid_ > 0 && !status_) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    if (pid_handle_ >= 0) close(pid_handle_);
}

std::string child_process::first_line(gateway::milliseconds wait) {
    if (!output_->wait_for(wait,
                           [](const std::string& text) { return text.find('\n') != std::string::npos; })) {
        const auto status = this->wait(gateway::milliseconds{500});
        throw std::runtime_error("the program said nothing"
                                 + (status ? " and ended with " + std::to_string(*status) : "")
                                 + "; on standard error: " + errors_->copy());
    }
    const std::string text = output_->copy();
    return text.substr(0, text.find('\n'));
}

bool child_process::says(const std::string& wanted, gateway::milliseconds wait) const {
    return output_->wait_for(wait,
                             [&](const std::string& text) { return text.find(wanted) != std::string::npos; });
}

void child_process::signal(int number) const {
    if (pid_ > 0 && !status_) kill(pid_, number);
}

bool child_process::stands_still(gateway::milliseconds patience) const {
    constexpr int between_ms = 5; // a stop can only be polled; the handle signals the end
    const auto until = gateway::deadline::in(gateway::steady_now(), patience);
    while (!until.passed(gateway::steady_now())) {
        siginfo_t found{};
        waitid(P_PID, static_cast<id_t>(pid_), &found, WSTOPPED | WNOHANG | WNOWAIT);
        if (found.si_pid == pid_) return true;
        pollfd ended{pid_handle_, POLLIN, 0};
        if (poll(&ended, 1, between_ms) > 0) return false;
    }
    return false;
}

std::optional<int> child_process::wait(gateway::milliseconds patience) {
    if (status_) return status_;
    pollfd ended{pid_handle_, POLLIN, 0};
    if (poll(&ended, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
    int raw = 0;
    waitpid(pid_, &raw, 0);
    dumped_core_ = WIFSIGNALED(raw) && WCOREDUMP(raw);
    status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
    return status_;
}

std::string child_process::output() const {
    return output_->copy();
}

std::string child_process::output_at_end() const {
    return output_->until_end();
}

std::string child_process::errors_at_end() const {
    return errors_->until_end();
}

void child_process::close_output() {
    output_->leave();
}

std::string child_process::errors() const {
    return errors_->copy();
}

} // namespace harness
