#include "store/postgresql/address.hpp"

#include <algorithm>
#include <array>
#include <libpq-fe.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>

namespace gateway::store {
namespace {

using word = std::pair<std::string, std::string>;

/// Defaults that the URL can override. Times in seconds, tcp_user_timeout in milliseconds.
const std::array<word, 8> our_words{
    word{"application_name", "tiktok-gateway"}, word{"client_encoding", "UTF8"},
    word{"target_session_attrs", "read-write"}, word{"gssencmode", "disable"}, // would ask Kerberos and wait
    word{"tcp_user_timeout", "5000"},           word{"keepalives_idle", "10"},
    word{"keepalives_interval", "3"},           word{"keepalives_count", "3"}};

std::string* find(std::vector<word>& words, std::string_view name) {
    const auto at =
        std::find_if(words.begin(), words.end(), [name](const word& w) { return w.first == name; });
    return at == words.end() ? nullptr : &at->second;
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at <= list.size();) {
        const auto end = std::min(list.find(',', at), list.size());
        out.push_back(list.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

bool is_socket_folder(const std::string& host) {
    return host.empty() || host.front() == '/' || host.front() == '@';
}

std::vector<std::string> addresses_of(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> keep(found, &freeaddrinfo);
    std::vector<std::string> out;
    for (const auto* one = found; one != nullptr; one = one->ai_next) {
        std::array<char, NI_MAXHOST> text{};
        if (getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST)
            == 0)
            out.emplace_back(text.data());
    }
    return out;
}

/// The three parallel lists of libpq.
struct places {
    std::string hosts, addresses, ports;
    bool any = false;

    void add(const std::string& host, const std::string& address, const std::string& port) {
        const char* const comma = any ? "," : "";
        hosts += comma + host;
        addresses += comma + address;
        ports += comma + port;
        any = true;
    }
};

/// Blocks. Replaces host, hostaddr and port with one entry for each address.
result<postgresql_address> with_addresses(postgresql_address from) {
    const auto hosts = split(*find(from.words, "host"));
    auto* const port_word = find(from.words, "port");
    const auto ports = split(port_word ? *port_word : "");
    places to;
    for (std::size_t at = 0; at < hosts.size(); ++at) {
        const std::string& port =
            at < ports.size() ? ports[at] : ports.back(); // a single port is for all hosts
        if (is_socket_folder(hosts[at])) {
            to.add(hosts[at], "", port);
            continue;
        }
        for (const auto& address : addresses_of(hosts[at]))
            to.add(hosts[at], address, port);
    }
    if (!to.any) return failure{errc::vault_unavailable, "no host of store.url has an address"};
    *find(from.words, "host") = to.hosts;
    if (port_word) *port_word = to.ports;
    from.words.emplace_back("hostaddr", to.addresses);
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
    for (const auto* one = options.get(); one->keyword != nullptr; ++one)
        if (one->val != nullptr) out.words.emplace_back(one->keyword, one->val);
    for (const auto& ours : our_words)
        if (find(out.words, ours.first) == nullptr) out.words.push_back(ours);
    return out;
}

task<result<postgresql_address>> resolve_hosts(const postgresql_address& from, blocking_pool& names) {
    postgresql_address copy = from;
    const auto* hosts = find(copy.words, "host");
    if (hosts == nullptr || find(copy.words, "hostaddr") != nullptr) co_return copy;
    const auto list = split(*hosts);
    if (std::all_of(list.begin(), list.end(), is_socket_folder)) co_return copy;
    auto look_up = [&copy] { return with_addresses(std::move(copy)); };
    co_return co_await run_blocking(names, std::move(look_up));
}

} // namespace gateway::store
