// A gateway with a certificate.
#pragma once
#include "flow/tls_client.hpp"
#include "harness/flow_test.hpp"
#include "unit/runtime/certificates.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>

namespace tls {

class tls_test : public harness::flow_test {
protected:
    void SetUp() override {
        std::signal(SIGPIPE, SIG_IGN);
        serve_over_tls("");
    }
    /// `more` are settings beside listen.tls, as `connections_max: 7`.
    void serve_over_tls(const std::string& more) {
        const auto issued = authority_.issue("localhost");
        certificate_ = w.folder().write("server.pem", issued.certificate_pem);
        const auto key = w.folder().write("server.key", issued.key_pem);
        trusted_ = w.folder().write("authority.pem", authority_.pem());
        w.options.settings = "listen: {" + more + (more.empty() ? "" : ", ") + "tls: {certificate_file: "
                             + certificate_ + ", private_key_file: " + key + "}}\n";
    }
    harness::http_client api() {
        auto client = w.api();
        client.over_tls(trusted_, "localhost");
        return client;
    }
    std::string request() const {
        return "GET /v1/users HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + w.caller_key()
               + "\r\n\r\n";
    }
    /// Of the gateway, all threads.
    std::chrono::duration<double> cpu_time() {
        std::ifstream file("/proc/" + std::to_string(w.gateway().process().pid()) + "/stat");
        std::string text;
        std::getline(file, text);
        std::istringstream rest(text.substr(text.rfind(')') + 2));
        std::string skipped;
        for (int field = 3; field < 14; ++field)
            rest >> skipped;
        double user = 0, system = 0;
        rest >> user >> system;
        return std::chrono::duration<double>((user + system) / static_cast<double>(sysconf(_SC_CLK_TCK)));
    }
    double memory_kib() {
        std::ifstream file("/proc/" + std::to_string(w.gateway().process().pid()) + "/status");
        for (std::string line; std::getline(file, line);)
            if (line.starts_with("RssAnon:")) return std::stod(line.substr(8));
        return 0;
    }

    gateway::testing::certificate_authority authority_;
    std::string certificate_, trusted_;
};

} // namespace tls
