#include "app/named_places.hpp"

#include "app/read_settings.hpp"
#include "base/named_files.hpp"
#include "base/private_places.hpp"
#include "outbound/tls_client_context.hpp"
#include "store/store.hpp"

#include <filesystem>
#include <functional>
#include <string_view>
#include <utility>

namespace gateway::app {
namespace {

namespace fs = std::filesystem;
using faults = std::vector<settings::fault>;

void add(const settings::all& settings, faults& into, const std::string& key, const std::string& reason) {
    if (!reason.empty()) into.push_back({key, reason, settings::source_of(settings, key)});
}

/// The faults with which `read` refuses.
void add_refusal_of(const std::function<void()>& read, faults& into) {
    try {
        read();
    } catch (const start_failure& why) {
        into.insert(into.end(), why.faults.begin(), why.faults.end());
    }
}

/// Both files are looked at, so that two mistakes are told at once.
void add_faults_of_certificate(const settings::all& settings, faults& into) {
    const auto before = into.size();
    const auto& [certificate, key] = settings.listen.tls;
    const std::pair<const char*, const std::string&> files[] = {{"listen.tls.certificate_file", certificate},
                                                                {"listen.tls.private_key_file", key}};
    for (const auto& [name, file] : files)
        if (const auto wrong = file.empty() ? std::string{} : describe_unreadable(file); !wrong.empty())
            add(settings, into, name, file + " " + wrong);
    if (into.size() == before)
        add_refusal_of([&settings] { static_cast<void>(read_certificate(settings)); }, into);
}

std::string describe_wrong_trust(const std::string& ca_file) {
    try {
        const outbound::tls_client_context trust(ca_file);
    } catch (const std::exception& wrong) {
        return wrong.what();
    }
    return {};
}

std::string describe_wrong_folder(const std::string& folder) {
    auto wrong = describe_unusable_folder(folder);
    return wrong.empty() ? describe_exposed_folder(folder, folder_use::private_files) : wrong;
}

/// One that nobody named and that cannot be made is remarked: pairs then wait in memory alone, and it is
/// tried again at each write.
std::string describe_wrong_spool(const settings::all& settings) {
    const auto folder = settings.spool_directory();
    if (!settings.vault.spool_directory.empty()) return describe_wrong_folder(folder);
    auto wrong = describe_file_in_the_way(folder);
    return wrong.empty() ? describe_exposed_folder(folder, folder_use::private_files) : wrong;
}

std::string describe_wrong_database(const std::string& url) {
    const fs::path store = url.substr(std::string_view("sqlite:").size());
    const fs::path folder = store.has_parent_path() ? store.parent_path() : ".";
    std::error_code unseen;
    if (!fs::exists(folder, unseen) && !unseen)
        return "there is no folder " + folder.string() + "; make it first";
    if (fs::is_directory(store, unseen)) return store.string() + " is a folder, not a file";
    return describe_unwritable(store.string());
}

std::string describe_wrong_store(const settings::all& settings) {
    const std::string url(settings.store.url.reveal());
    std::string wrong = settings.store.in_file() ? describe_wrong_database(url) : std::string{};
    if (wrong.empty()) wrong = store::describe_wrong_url(url);
    if (wrong.empty()) wrong = store::describe_exposed_store(url);
    if (wrong.empty()) wrong = store::describe_foreign_store(url);
    return wrong;
}

} // namespace

void add_faults_of_live_files(const settings::all& settings, faults& into) {
    if (!is_wrong("vault.keys_file", into))
        add_refusal_of([&settings] { static_cast<void>(read_key_ring(settings)); }, into);
    if (!is_wrong("listen.tls.certificate_file", into) && !is_wrong("listen.tls.private_key_file", into))
        add_faults_of_certificate(settings, into);
}

void add_faults_of_places(const settings::all& settings, faults& into) {
    if (!is_wrong("tiktok.ca_file", into))
        add(settings, into, "tiktok.ca_file", describe_wrong_trust(settings.tiktok.ca_file));
    if (!is_wrong("webhooks.ca_file", into))
        add(settings, into, "webhooks.ca_file", describe_wrong_trust(settings.webhooks.ca_file));
    if (!is_wrong("store.url", into)) add(settings, into, "store.url", describe_wrong_store(settings));
    if (!is_wrong("files.directory", into))
        add(settings, into, "files.directory", describe_wrong_folder(settings.files.directory));
    // One that nobody named lies beside the files, and has their fault.
    const bool follows = settings.vault.spool_directory.empty() && is_wrong("files.directory", into);
    if (!follows && !is_wrong("vault.spool_directory", into))
        add(settings, into, "vault.spool_directory", describe_wrong_spool(settings));
}

void add_remark_on_spool(const settings::all& settings, faults& remarks) {
    if (const auto wrong = describe_unusable_folder(settings.spool_directory()); !wrong.empty())
        add(settings, remarks, "vault.spool_directory",
            wrong
                + "; token pairs wait in memory alone while the store is away. Name a folder on the volume");
}

void add_remark_on_private_key(const settings::all& settings, faults& remarks) {
    const auto& file = settings.listen.tls.private_key_file;
    if (const auto who = file.empty() ? std::string{} : describe_shared_secret(file); !who.empty())
        add(settings, remarks, "listen.tls.private_key_file",
            file + " " + who + ": " + cure_of_shared_secret);
}

} // namespace gateway::app
