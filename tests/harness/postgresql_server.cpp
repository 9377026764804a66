#include "harness/postgresql_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <filesystem>
#include <libpq-fe.h>
#include <pwd.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace harness {

namespace {

namespace fs = std::filesystem;

/// Binds a free loopback port. The socket never listens and allows reuse of its address, as PostgreSQL's own
/// does, so that the server may listen on the port while nobody else is given it.
int hold_port() {
    const int held = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (setsockopt(held, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0
        || bind(held, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
        throw std::runtime_error("no free port for PostgreSQL");
    return held;
}

std::uint16_t port_of(int held) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    if (getsockname(held, reinterpret_cast<sockaddr*>(&at), &size) != 0)
        throw std::runtime_error("the port for PostgreSQL is not known");
    return ntohs(at.sin_port);
}

std::string programs() {
    std::vector<fs::path> versions;
    std::error_code none;
    for (const auto& one : fs::directory_iterator("/usr/lib/postgresql", none))
        if (fs::exists(one.path() / "bin/postgres")) versions.push_back(one.path());
    if (versions.empty()) throw std::runtime_error("PostgreSQL is not installed: ./dev setup");
    return (*std::max_element(versions.begin(), versions.end()) / "bin").string();
}

std::string new_folder() {
    std::string path = (fs::temp_directory_path() / "tkgw_postgresql_XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
    const passwd* const its_user = geteuid() == 0 ? getpwnam("postgres") : nullptr;
    if (its_user != nullptr && chown(path.c_str(), its_user->pw_uid, its_user->pw_gid) != 0)
        throw std::runtime_error("cannot give away " + path);
    return path;
}

} // namespace

std::vector<std::string> postgresql_server::as_its_user(std::vector<std::string> command) const {
    if (geteuid() != 0) return command;
    std::vector<std::string> as{"/usr/bin/setpriv", "--reuid",  "postgres",
                                "--regid",          "postgres", "--init-groups"};
    as.insert(as.end(), command.begin(), command.end());
    return as;
}

postgresql_server::postgresql_server()
    : folder_(new_folder()), held_port_(hold_port()), port_(port_of(held_port_)) {
    child_process make(as_its_user({programs() + "/initdb", "-D", folder_ + "/data", "-U", "postgres", "-A",
                                    "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"}),
                       folder_);
    if (make.wait(gateway::seconds{60}) != 0) throw std::runtime_error("initdb: " + make.errors());
    start();
}

postgresql_server::~postgresql_server() {
    stop();
    close(held_port_);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void postgresql_server::start() {
    // The server logs to standard error; the shell redirects it to standard output.
    std::vector<std::string> command{"/bin/sh", "-c", "exec \"$@\" 2>&1", "postgres"};
    for (auto& word : as_its_user({programs() + "/postgres", "-D", folder_ + "/data", "-p",
                                   std::to_string(port_), "-k", folder_, "-c", "listen_addresses=127.0.0.1",
                                   "-c", "fsync=off", "-c", "max_connections=200"}))
        command.push_back(word);
    process_ = std::make_unique<child_process>(command, folder_);
    if (!process_->says("ready to accept connections", gateway::seconds{30}))
        throw std::runtime_error("PostgreSQL: " + process_->output());
}

void postgresql_server::stop() {
    if (!process_) return;
    process_->signal(SIGINT);
    process_->wait(gateway::seconds{20});
    process_.reset();
}

std::string postgresql_server::url_of(const std::string& schema, const std::string& role) const {
    return "postgresql://" + role + ":" + password + "@127.0.0.1:" + std::to_string(port_)
           + "/postgres?options=-csearch_path%3D" + schema;
}

std::string postgresql_server::url(const std::string& schema) {
    run("public", "CREATE SCHEMA " + schema);
    return url_of(schema);
}

std::string postgresql_server::run(const std::string& schema, const std::string& sql) const {
    return run_as("postgres", schema, sql);
}

std::string postgresql_server::run_as(const std::string& role, const std::string& schema,
                                      const std::string& sql) const {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> at(PQconnectdb(url_of(schema, role).c_str()),
                                                          &PQfinish);
    const std::unique_ptr<PGresult, decltype(&PQclear)> got(PQexec(at.get(), sql.c_str()), &PQclear);
    const auto status = PQresultStatus(got.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        throw std::runtime_error(sql + ": " + PQerrorMessage(at.get()));
    return PQntuples(got.get()) > 0 ? PQgetvalue(got.get(), 0, 0) : "";
}

bool postgresql_server::comes_true(const std::string& schema, const std::string& condition,
                                   gateway::milliseconds patience) const {
    constexpr gateway::milliseconds between{50}; // polled inside the server, on one connection
    const auto looks = std::to_string(patience / between);
    run(schema, "DO $$ BEGIN FOR look IN 1.." + looks + " LOOP EXIT WHEN " + condition
                    + "; PERFORM pg_sleep(0.05); END LOOP; END $$");
    return run(schema, "SELECT " + condition) == "t";
}

void postgresql_server::pass_time(const std::string& schema, gateway::milliseconds by) const {
    const auto text = std::to_string(by.count());
    run(schema, "UPDATE leases SET expires_at = expires_at - " + text
                    + ", gone_since = CASE WHEN gone_since = 0 THEN 0 ELSE gone_since - " + text + " END"
                    + "; UPDATE refresh_intents SET started_at = started_at - " + text
                    + "; UPDATE store_instances SET alive_until = alive_until - " + text
                    + "; UPDATE window_shares SET held_until = held_until - " + text
                    + ", told_at = told_at - " + text
                    + "; UPDATE pending_grants SET reserved_until = reserved_until - " + text
                    + "; UPDATE revocations SET next_at = next_at - "
                    + text
                    // Far away: one that waits for another.
                    + "; UPDATE webhook_deliveries SET created_at = created_at - " + text
                    + ", expires_at = expires_at - " + text
                    + ", next_at = CASE WHEN next_at < 9000000000000000 THEN next_at - " + text
                    + " ELSE next_at END; UPDATE webhook_ends SET ended_at = ended_at - " + text
                    + ", others_until = others_until - " + text);
}

} // namespace harness
