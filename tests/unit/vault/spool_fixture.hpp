// A vault with a spool in a folder of its own, and other processes that share it.
#pragma once
#include "unit/vault/vault_fixture.hpp"
#include "vault/pair_spool.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace gateway::testing {

/// A pair as TikTok gave it for the one of this version.
inline vault::spooled_pair spooled_refresh(const std::string& user, std::uint64_t version = 7,
                                           const std::string& app = "app-key") {
    auto out = vault::spooled(vault::spooled_kind::refresh, app, pair("new"), wall_now());
    out.user = user_id::trusted(user);
    out.version = version;
    out.sent_hash = std::string(as_text(sha256("rft.first")));
    return out;
}

/// What a spool has told, by name of the event and reason.
class spool_log {
public:
    vault::pair_spool::reporter reporter() {
        return [this](vault::pair_spool::event what, std::string_view, std::string_view why) {
            const std::lock_guard lock(mutex_);
            told_.emplace_back(what, why);
        };
    }
    std::vector<std::pair<vault::pair_spool::event, std::string>> told() const {
        const std::lock_guard lock(mutex_);
        return told_;
    }

private:
    mutable std::mutex mutex_;
    std::vector<std::pair<vault::pair_spool::event, std::string>> told_;
};

class spool_folder_on_disk {
public:
    explicit spool_folder_on_disk(std::string path) : path_(std::move(path)) {}

    std::vector<std::filesystem::path> files() const {
        std::vector<std::filesystem::path> out;
        std::error_code none;
        for (const auto& one : std::filesystem::directory_iterator(path_, none))
            out.push_back(one.path());
        return out;
    }
    std::string bytes() const {
        std::stringstream out;
        out << std::ifstream(files().at(0), std::ios::binary).rdbuf();
        return out.str();
    }
    void put(const std::string& name, const std::string& bytes) const {
        std::ofstream(path_ + "/" + name, std::ios::binary | std::ios::trunc) << bytes;
    }
    void clear() const {
        for (const auto& one : files())
            std::filesystem::remove(one);
    }

private:
    std::string path_;
};

} // namespace gateway::testing
