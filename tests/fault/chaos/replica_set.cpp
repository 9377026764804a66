#include "fault/chaos/replica_set.hpp"

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace fault {

replica_set::replica_set(harness::world& w, std::string gateway_program, std::size_t count)
    : w_(w), gateway_program_(std::move(gateway_program)), all_(count) {}

std::optional<harness::http_client> replica_set::client(std::size_t which,
                                                        gateway::milliseconds patience) const {
    const std::lock_guard guard(lock_);
    const auto& process = all_.at(which).process;
    if (!process) return std::nullopt;
    harness::http_client out(process->port());
    out.always_send("Authorization", "Bearer " + w_.caller_key());
    out.wait_at_most(patience);
    return out;
}

std::uint64_t replica_set::epoch_of(std::size_t which) const {
    const std::lock_guard guard(lock_);
    return all_.at(which).epoch;
}

bool replica_set::is_frozen(std::size_t which) const {
    const std::lock_guard guard(lock_);
    return all_.at(which).frozen;
}

std::uint64_t replica_set::epoch() const {
    const std::lock_guard guard(lock_);
    return epoch_;
}

std::string replica_set::start(std::size_t which, const std::string& failpoint) {
    auto options = w_.options;
    if (!failpoint.empty()) options.variables["TIKTOK_GATEWAY_FAILPOINT"] = failpoint;
    try {
        auto process = std::make_unique<harness::gateway_process>(
            gateway_program_, w_.folder(), w_.tiktok(), w_.client_secret(), w_.caller_key(), options);
        const std::lock_guard guard(lock_);
        all_.at(which).process = std::move(process);
        ++epoch_;
    } catch (const std::runtime_error& why) {
        return why.what();
    }
    return {};
}

bool replica_set::runs(std::size_t which) const {
    const std::lock_guard guard(lock_);
    return all_.at(which).process != nullptr;
}

/// What it logged, for whoever looks for the cause of a broken promise.
void replica_set::keep_log(std::size_t which) const {
    const char* const folder = std::getenv("CHAOS_LOGS");
    if (folder == nullptr) return;
    std::ofstream log(folder + ("/replica-" + std::to_string(which)) + ".log", std::ios::app);
    log << all_.at(which).process->process().output_at_end() << "killed\n";
}

void replica_set::note_kill(std::size_t which, gateway::wall_time at) {
    const std::lock_guard guard(lock_);
    keep_log(which);
    kill_times_ms_.push_back(gateway::unix_ms(at));
    all_.at(which).process.reset();
    all_.at(which).frozen = false;
    ++all_.at(which).epoch;
    ++epoch_;
}

void replica_set::kill(std::size_t which) {
    harness::child_process* process = nullptr;
    {
        const std::lock_guard guard(lock_);
        process = &all_.at(which).process->process();
        ++all_.at(which).epoch; // before its clients notice
        ++epoch_;
    }
    const auto at = gateway::wall_now();
    process->signal(SIGKILL);
    process->wait(gateway::seconds{10});
    note_kill(which, at);
}

bool replica_set::killed_itself(std::size_t which) {
    harness::child_process* process = nullptr;
    {
        const std::lock_guard guard(lock_);
        if (!all_.at(which).process) return false;
        process = &all_.at(which).process->process();
    }
    if (!process->wait(gateway::milliseconds{0})) return false;
    note_kill(which, gateway::wall_now());
    return true;
}

bool replica_set::stands_still(std::size_t which) const {
    const std::lock_guard guard(lock_);
    const auto& process = all_.at(which).process;
    return process && process->process().stands_still(gateway::milliseconds{1});
}

void replica_set::freeze(std::size_t which) {
    const std::lock_guard guard(lock_);
    if (all_.at(which).process) all_.at(which).process->process().signal(SIGSTOP);
    all_.at(which).frozen = true;
    ++all_.at(which).epoch;
    ++epoch_;
}

void replica_set::wake(std::size_t which) {
    const std::lock_guard guard(lock_);
    if (all_.at(which).process) all_.at(which).process->process().signal(SIGCONT);
    all_.at(which).frozen = false;
    ++all_.at(which).epoch;
    ++epoch_;
}

void replica_set::disturb_all() {
    const std::lock_guard guard(lock_);
    for (auto& each : all_)
        ++each.epoch;
    ++epoch_;
}

std::vector<std::int64_t> replica_set::kill_times_ms() const {
    const std::lock_guard guard(lock_);
    return kill_times_ms_;
}

} // namespace fault
