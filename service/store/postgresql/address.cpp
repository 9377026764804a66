#include "store/postgresql/address.hpp"

#include "base/lists.hpp"
#include "base/named_files.hpp"
#include "base/secret.hpp"

#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <libpq-fe.h>
#include <memory>
#include <string_view>
#include <vector>
#include <wordexp.h>

namespace gateway::store {
namespace {

/// Defaults that the URL can override. Times in seconds, tcp_user_timeout in milliseconds.
const postgresql_address our_defaults{
    {"application_name", "tiktok-gateway"}, {"client_encoding", "UTF8"},
    {"target_session_attrs", "read-write"}, {"gssencmode", "disable"}, // would ask Kerberos and wait
    {"tcp_user_timeout", "5000"},           {"keepalives_idle", "10"},
    {"keepalives_interval", "3"},           {"keepalives_count", "3"}};

/// Keeps empty pieces, because libpq's lists are parallel.
std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> out;
    boost::split(out, list, boost::is_any_of(","));
    return out;
}

bool is_socket_folder(const std::string& host) {
    return host.empty() || host.front() == '/' || host.front() == '@';
}

bool is_this_host(const std::string& host) {
    if (is_socket_folder(host) || boost::algorithm::iequals(host, "localhost")) return true;
    boost::system::error_code ec;
    const auto address = boost::asio::ip::make_address(host, ec);
    return !ec && address.is_loopback();
}

std::string value_of(const postgresql_address& in, const std::string& keyword) {
    const auto found = in.find(keyword);
    return found == in.end() ? std::string{} : found->second;
}

/// Whether the server is on this host, whichever host of the URL is used. `hostaddr` wins over `host`, as in
/// libpq. A service file may name any address.
bool is_local(const postgresql_address& of) {
    const auto hosts = split(value_of(of, "host")), addresses = split(value_of(of, "hostaddr"));
    if (of.contains("service") && !of.contains("hostaddr")) return false;
    for (std::size_t at = 0; at < std::max(hosts.size(), addresses.size()); ++at) {
        const bool has_address = at < addresses.size() && !addresses[at].empty();
        if (!is_this_host(has_address ? addresses[at] : at < hosts.size() ? hosts[at] : "")) return false;
    }
    return true;
}

/// What libpq would take for a keyword that the URL leaves out; empty if nothing.
std::string value_of_environment(std::string_view keyword) {
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconndefaults(),
                                                                               &PQconninfoFree);
    for (const auto* one = options.get(); one != nullptr && one->keyword != nullptr; ++one)
        if (keyword == one->keyword) return one->val == nullptr ? "" : one->val;
    return {};
}

/// A host where the URL has none, and an address in any case, with which libpq connects whatever the host is
/// called. (A service file comes before the environment.)
void add_host_of_environment(postgresql_address& to) {
    if (to.contains("hostaddr") || to.contains("service")) return;
    for (const char* keyword : {"host", "hostaddr"})
        if (auto value = value_of_environment(keyword); !value.empty()) to.emplace(keyword, std::move(value));
}

/// Where libpq looks by itself: below HOME, else below the home that the system knows of this user. Without
/// either the `~` stays.
std::string usual_authority() {
    wordexp_t found{};
    const char* const usual = "~/.postgresql/root.crt";
    const bool good = ::wordexp(usual, &found, WRDE_NOCMD) == 0 && found.we_wordc == 1;
    std::string path = good ? found.we_wordv[0] : usual;
    ::wordfree(&found);
    return path;
}

/// Blocks.
std::vector<std::string> addresses_of(const std::string& host) {
    boost::asio::io_context loop;
    boost::asio::ip::tcp::resolver names(loop);
    boost::system::error_code ec; // without an answer there are no addresses
    std::vector<std::string> out;
    for (const auto& found : names.resolve(host, "", boost::asio::ip::resolver_base::flags{}, ec))
        out.push_back(found.endpoint().address().to_string());
    return out;
}

/// Blocks. Replaces host, hostaddr and port, libpq's three parallel lists, with one entry for each address.
result<postgresql_address> with_addresses(postgresql_address from) {
    const auto port = from.find("port");
    const auto hosts = split(from["host"]);
    const auto ports = split(port == from.end() ? "" : port->second);
    std::vector<std::string> to_hosts, to_addresses, to_ports;
    for (std::size_t at = 0; at < hosts.size(); ++at) {
        const bool is_folder = is_socket_folder(hosts[at]);
        for (const auto& address : is_folder ? std::vector{std::string{}} : addresses_of(hosts[at])) {
            to_hosts.push_back(hosts[at]);
            to_addresses.push_back(address);
            to_ports.push_back(at < ports.size() ? ports[at] : ports.back()); // a single one is for all hosts
        }
    }
    if (to_hosts.empty())
        return failure{
            errc::vault_unavailable,
            "no host of store.url has an address (@ : / in its password are written as %40 %3A %2F)"};
    from["host"] = joined(to_hosts);
    from["hostaddr"] = joined(to_addresses);
    if (port != from.end()) port->second = joined(to_ports);
    return from;
}

} // namespace

result<postgresql_address> read_postgresql_url(const std::string& url) {
    char* wrong = nullptr; // may contain parts of the URL, so it is never shown
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(url.c_str(), &wrong), &PQconninfoFree);
    PQfreemem(wrong);
    if (!options) return failure{errc::vault_unavailable, "It is not a URL that PostgreSQL understands."};
    postgresql_address out;
    for (const auto* one = options.get(); one->keyword != nullptr; ++one) {
        if (one->val == nullptr) continue;
        out.emplace(one->keyword, one->val);
        wipe_bytes({one->val, std::strlen(one->val)}); // libpq frees it as it is, and one is the password
    }
    out.insert(our_defaults.begin(), our_defaults.end());
    add_host_of_environment(out);
    // Not left to libpq, which would take less from an environment variable. On this host that may decide.
    if (!is_local(out)) out.emplace("sslmode", "verify-full");
    return out;
}

std::string describe_weak_tls(const postgresql_address& of) {
    const auto mode = value_of(of, "sslmode");
    if (is_local(of) || mode == "verify-full") return {};
    const std::string begin = "says sslmode=" + mode + ": ";
    if (mode == "verify-ca")
        return begin + "the server's name is not checked, so any server with a certificate of that authority "
                       "is believed";
    if (mode == "require")
        return begin + "the server's certificate is not checked, so whoever is on the way can be the server";
    return begin + "the connection may be without TLS, so whoever is on the way reads and changes it";
}

std::string describe_wrong_mode(const postgresql_address& of) {
    constexpr std::string_view modes[] = {"disable", "allow",     "prefer",
                                          "require", "verify-ca", "verify-full"};
    const auto mode = value_of(of, "sslmode");
    if (mode.empty() || std::find(std::begin(modes), std::end(modes), mode) != std::end(modes)) return {};
    return "says sslmode=" + mode + ", and must say one of "
           + joined({std::begin(modes), std::end(modes)}, ", ");
}

std::string describe_no_authority(const postgresql_address& of) {
    const bool is_used = value_of(of, "sslmode").starts_with("verify-");
    if (!is_used || of.contains("sslrootcert") || of.contains("service")) return {};
    if (!value_of_environment("sslrootcert").empty()) return {};
    const auto usual = usual_authority();
    std::error_code unseen;
    if (std::filesystem::exists(usual, unseen) || unseen) return {};
    return "wants TLS with a known authority, and there is none: name its file in the URL "
           "(sslrootcert=FILE), or put it at "
           + usual;
}

std::string describe_missing_authorities(const postgresql_address& of) {
    const auto file = value_of(of, "sslrootcert");
    const bool is_used = value_of(of, "sslmode").starts_with("verify-");
    if (!is_used || file.empty() || file == "system") return {};
    const auto wrong = describe_unreadable(file, authorities_bytes_max);
    return wrong.empty() ? wrong : "names " + file + " in sslrootcert, which " + wrong;
}

task<result<postgresql_address>> resolve_hosts(const postgresql_address& from, blocking_pool& names) {
    postgresql_address copy = from;
    if (!copy.contains("host") || copy.contains("hostaddr")) co_return copy;
    const auto list = split(copy["host"]);
    if (std::all_of(list.begin(), list.end(), is_socket_folder)) co_return copy;
    auto look_up = [&copy] { return with_addresses(std::move(copy)); };
    co_return co_await run_blocking(names, std::move(look_up));
}

} // namespace gateway::store
