// The store's test suite on PostgreSQL.
#include "postgresql/shared_server.hpp"

namespace gateway::testing {
namespace {

std::unique_ptr<harness::postgresql_server>& server() {
    static std::unique_ptr<harness::postgresql_server> one;
    return one;
}

class server_environment final : public ::testing::Environment {
    void SetUp() override { server() = std::make_unique<harness::postgresql_server>(); }
    void TearDown() override { server().reset(); }
};

const auto* const registered =
    ::testing::AddGlobalTestEnvironment(std::make_unique<server_environment>().release());

/// The same folder gives the same schema.
std::unique_ptr<store::store> open_in(const temporary_folder& folder) {
    shared_server().run("public", "CREATE SCHEMA IF NOT EXISTS " + folder.name());
    return open_at(shared_server().url_of(folder.name()));
}

} // namespace

harness::postgresql_server& shared_server() {
    return *server();
}

std::unique_ptr<store::store> open_at(const std::string& url, store::store_limits limits) {
    auto opened = store::open_store(url, limits);
    if (!opened) throw std::runtime_error(opened.error().message());
    return std::move(*opened);
}

void pass_time(const std::string& schema, milliseconds by) {
    shared_server().pass_time(schema, by);
}

INSTANTIATE_TEST_SUITE_P(Postgresql, StoreSuite,
                         ::testing::Values(store_engine{"Postgresql", open_in,
                                                        [](const temporary_folder& folder, milliseconds by) {
                                                            pass_time(folder.name(), by);
                                                        }}),
                         [](const auto& made) { return made.param.name; });

} // namespace gateway::testing
