#include "app/read_settings.hpp"

#include "actions/table.hpp"
#include "app/named_places.hpp"
#include "base/pattern.hpp"
#include "store/store.hpp"
#include "tiktok/scopes.hpp"

#include <algorithm>
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
    constexpr std::size_t told_max = 20; // somebody has to read them
    std::vector<settings::fault> faults;
    for (std::size_t place = 0; place < values.callers.size(); ++place)
        for (const auto& pattern : values.callers[place].actions)
            if (faults.size() < told_max && !fits_an_action(pattern))
                faults.push_back(
                    {"callers[" + std::to_string(place) + "].actions",
                     "holds " + pattern + ", which fits no action, such as TIKTOK_LIST_VIDEOS or GATEWAY_*",
                     settings::source_of(values, "callers[" + std::to_string(place) + "]")});
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

settings::loaded find_settings(const std::string& file, const settings::environment& variables) {
    settings::loaded found = settings::load(file, variables);
    for (auto& one : check_actions(found.values))
        found.faults.push_back(std::move(one));
    return found;
}

/// What cannot be read as settings at all is told alone: whatever else is missing follows from it.
bool is_unreadable(const settings::loaded& found) {
    return std::any_of(found.faults.begin(), found.faults.end(),
                       [](const settings::fault& one) { return one.key.empty(); });
}

} // namespace

start_failure refused(const settings::all& settings, const std::string& key, const std::string& reason,
                      int exit) {
    std::vector<settings::fault> only{{key, reason, settings::source_of(settings, key)}};
    return {exit, std::move(only)};
}

std::vector<settings::fault> warnings_for(const settings::loaded& good) {
    const auto& settings = good.values;
    std::vector<settings::fault> remarks = good.remarks;
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
    if (settings.listen.tls.on() && settings.public_url.starts_with("http://"))
        remarks.push_back(
            {"public_url",
             "is " + settings.public_url
                 + ", and the listener speaks TLS (listen.tls): browsers come back from TikTok without it",
             settings::source_of(settings, "public_url")});
    add_remark_on_private_key(settings, remarks);
    add_remark_on_spool(settings, remarks);
    return remarks;
}

settings::loaded read_settings(const std::string& file, const settings::environment& variables,
                               taken_by what) {
    settings::loaded found = find_settings(file, variables);
    if (!is_unreadable(found)) {
        add_faults_of_live_files(found.values, found.faults);
        if (what == taken_by::start) add_faults_of_places(found.values, found.faults);
    }
    if (found.good()) return found;
    throw start_failure(exit_settings, std::move(found.faults));
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
