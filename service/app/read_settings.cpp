#include "app/read_settings.hpp"

#include "actions/table.hpp"
#include "base/pattern.hpp"
#include "base/private_places.hpp"
#include "store/store.hpp"
#include "tiktok/scopes.hpp"

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

namespace gateway::app {

namespace {

bool fits_an_action(const std::string& pattern) {
    const auto rows = actions::table();
    return std::any_of(rows.begin(), rows.end(),
                       [&pattern](const api::row& row) { return matches(pattern, row.slug); });
}

/// Checked here, because settings/ has no access to the rows. A misspelt action would otherwise be found only
/// when its caller is refused in production.
std::vector<settings::fault> check_actions(const settings::all& values) {
    std::vector<settings::fault> faults;
    for (std::size_t place = 0; place < values.callers.size(); ++place)
        for (const auto& pattern : values.callers[place].actions)
            if (!fits_an_action(pattern))
                faults.push_back(
                    {"callers[" + std::to_string(place) + "].actions",
                     "holds " + pattern + ", which fits no action, such as TIKTOK_LIST_VIDEOS or GATEWAY_*",
                     settings::source_of(values, "callers")});
    return faults;
}

/// A caller that has its quarter gets more only while half is free, so a file above a quarter may find no
/// room though there is some (docs/shared-bounds.md).
std::optional<settings::fault> small_quarter(const settings::all& settings) {
    constexpr std::uint64_t largest_file_bytes = 4ULL << 30;
    if (settings.callers.size() < 2 || settings.files.quota_bytes / 4 >= largest_file_bytes)
        return std::nullopt;
    return settings::fault{"files.quota_bytes",
                           "is less than four times the largest video (4 GiB), so a caller who keeps files "
                           "already may find no room for one that is larger than a quarter of it",
                           settings::source_of(settings, "files.quota_bytes")};
}

/// Why no folder can be made there; empty: it can, or it is there.
std::string describe_no_folder(const std::filesystem::path& folder) {
    std::error_code unseen;
    auto there = folder;
    while (!there.empty() && !std::filesystem::exists(there, unseen) && there != there.parent_path())
        there = there.parent_path();
    if (there.empty() || std::filesystem::is_directory(there, unseen)) return {};
    return there.string() + " is not a folder";
}

/// The places that the start creates or opens, without doing so.
void look_at_named_places(const settings::all& settings) {
    namespace fs = std::filesystem;
    std::error_code unseen;
    const std::pair<const char*, std::string> folders[] = {
        {"files.directory", settings.files.directory}, {"vault.spool_directory", settings.spool_directory()}};
    for (const auto& [key, folder] : folders)
        if (const auto wrong = describe_no_folder(folder); !wrong.empty())
            throw refused(settings, key, wrong);
    if (!settings.store.in_file()) return;
    const fs::path store = settings.store.url.reveal().substr(std::string_view("sqlite:").size());
    const fs::path folder = store.has_parent_path() ? store.parent_path() : ".";
    if (!fs::is_directory(folder, unseen))
        throw refused(settings, "store.url", "there is no folder " + folder.string() + "; make it first");
    if (fs::is_directory(store, unseen))
        throw refused(settings, "store.url", store.string() + " is a folder, not a file");
}

} // namespace

start_failure refused(const settings::all& settings, const std::string& key, const std::string& reason,
                      int exit) {
    return {exit, settings::text_about(settings, key, reason)};
}

settings::loaded find_settings(const std::string& file, const settings::environment& variables) {
    settings::loaded found = settings::load(file, variables);
    if (found.good()) found.faults = check_actions(found.values);
    return found;
}

std::vector<settings::fault> warnings_for(const settings::all& settings) {
    std::vector<settings::fault> remarks;
    for (const auto& scope : tiktok::unknown_scopes(settings.tiktok.scopes))
        remarks.push_back(
            {"tiktok.scopes",
             "holds " + scope
                 + ", which this gateway does not know; TikTok refuses every login while the app "
                   "does not hold it",
             settings::source_of(settings, "tiktok.scopes")});
    if (auto weak = store::remark_on_url(settings.store.url.reveal()); !weak.empty())
        remarks.push_back({"store.url", std::move(weak), settings::source_of(settings, "store.url")});
    if (auto small = small_quarter(settings)) remarks.push_back(std::move(*small));
    return remarks;
}

settings::all read_settings(const std::string& file, const settings::environment& variables) {
    settings::loaded found = find_settings(file, variables);
    if (found.good()) return std::move(found.values);
    std::string message = "the settings are not good:";
    for (const auto& one : found.faults)
        message += "\n  " + settings::text_of(one);
    throw start_failure(exit_settings, message);
}

void refuse_wrong_places(const settings::all& settings) {
    look_at_named_places(settings);
    if (const auto wrong = store::describe_wrong_url(settings.store.url.reveal()); !wrong.empty())
        throw refused(settings, "store.url", wrong);
    if (const auto wrong = store::describe_exposed_store(settings.store.url.reveal()); !wrong.empty())
        throw refused(settings, "store.url", wrong);
    const auto wrong = describe_exposed_folder(settings.files.directory, folder_use::private_files);
    if (!wrong.empty()) throw refused(settings, "files.directory", wrong);
    const auto spool = describe_exposed_folder(settings.spool_directory(), folder_use::private_files);
    if (!spool.empty()) throw refused(settings, "vault.spool_directory", spool);
}

unsigned workers_of(const settings::all& settings) {
    if (settings.workers > 0) return settings.workers;
    return std::max(1U, std::thread::hardware_concurrency());
}

vault::key_ring read_key_ring(const settings::all& settings) {
    auto ring = vault::key_ring::read(settings.vault.keys_file);
    if (!ring) throw refused(settings, "vault.keys_file", ring.error().message());
    return std::move(*ring);
}

std::shared_ptr<const tls_server_context> read_certificate(const settings::all& settings) {
    const auto& files = settings.listen.tls;
    if (!files.on()) return nullptr;
    try {
        return std::make_shared<const tls_server_context>(files.certificate_file, files.private_key_file);
    } catch (const tls_file_fault& wrong) {
        const bool key = wrong.which == tls_file_fault::file::private_key;
        throw refused(settings, key ? "listen.tls.private_key_file" : "listen.tls.certificate_file",
                      wrong.what());
    } catch (const std::exception& wrong) {
        throw refused(settings, "listen.tls.certificate_file", wrong.what());
    }
}

std::optional<settings::fault> wrong_dates(const settings::all& settings,
                                           const tls_server_context* certificate, wall_time now) {
    if (!certificate) return std::nullopt;
    const auto wrong = certificate->wrong_dates(now);
    if (wrong.empty()) return std::nullopt;
    const std::string key = "listen.tls.certificate_file";
    return settings::fault{key, settings.listen.tls.certificate_file + " " + wrong + "; clients refuse it",
                           settings::source_of(settings, key)};
}

} // namespace gateway::app
