// The fixture of the tests of outbound: a worker, a trusted authority, names that resolve to loopback.
#pragma once
#include "outbound/client.hpp"
#include "outbound/resolver.hpp"
#include "outbound/tls_client_context.hpp"
#include "unit/outbound/loopback_server.hpp"
#include "unit/runtime/run_on.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace gateway::outbound {

using gateway::testing::answer;
using gateway::testing::certificate_authority;
using gateway::testing::in;
using gateway::testing::loopback_server;
using gateway::testing::peer;
using gateway::testing::run_on;
using gateway::testing::server_options;
using gateway::testing::soon;
using gateway::testing::turn_until;

inline const std::string request = "GET /v2/user/info/ HTTP/1.1\r\nHost: tiktok.test\r\n\r\n";

inline task<result<reply>> ask(client& c, origin to, std::string text, deadline until) {
    auto got = co_await c.send(no_window{}, to, text, until, sharer::gateway);
    co_return std::move(got);
}

class NetTest : public ::testing::Test {
protected:
    static resolver_options to_loopback() {
        resolver_options options;
        options.fixed = {{"tiktok.test", "127.0.0.1"}, {"other.test", "127.0.0.1"}};
        return options;
    }

    /// Servers answer for tiktok.test.
    std::unique_ptr<loopback_server> serve(loopback_server::script play, const server_options& options = {}) {
        return std::make_unique<loopback_server>(authority.issue("tiktok.test"), std::move(play), options);
    }
    static origin at(const loopback_server& server) { return {"tiktok.test", server.port()}; }
    client& with(client_limits limits) {
        made = std::make_unique<client>(home, tls, names, limits);
        return *made;
    }
    result<reply> get(client& c, const loopback_server& server, deadline until = soon()) {
        return run_on(home, ask(c, at(server), request, until));
    }
    bool nothing_open(const client& c) {
        const auto s = c.stats();
        return s.active == 0 && s.idle == 0 && s.waiting == 0;
    }

    certificate_authority authority;
    gateway::testing::temporary_folder folder;
    tls_client_context tls{folder.write("ca.pem", authority.pem())};
    resolver names{to_loopback()};
    worker home{0, milliseconds{5}};
    std::unique_ptr<client> made;
};

} // namespace gateway::outbound
