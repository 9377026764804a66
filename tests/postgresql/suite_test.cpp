// The store's test suite on PostgreSQL.
#include "postgresql/shared_server.hpp"
#include "unit/store/followed_posts.hpp"
#include "unit/store/outbox_fixture.hpp"

#include <fstream>

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

void make_old(const temporary_folder& folder) {
    std::ifstream in(OLD_STORES "/4a13757_postgresql.sql");
    const std::string sql{std::istreambuf_iterator<char>(in), {}};
    shared_server().run("public", "CREATE SCHEMA " + folder.name());
    shared_server().run(folder.name(), sql);
}

void pass_time_in(const temporary_folder& folder, milliseconds by) {
    pass_time(folder.name(), by);
}

} // namespace

harness::postgresql_server& shared_server() {
    return *server();
}

std::string schema_of(const std::string& url) {
    constexpr std::string_view before = "search_path%3D";
    const auto begin = url.find(before);
    return begin == std::string::npos ? "tiktok_gateway" : url.substr(begin + before.size());
}

std::unique_ptr<store::store> open_at(const std::string& url, store::store_limits limits) {
    auto opened = store::open_store(url, limits, schema_of(url));
    if (!opened) throw std::runtime_error(opened.error().message());
    return std::move(*opened);
}

void pass_time(const std::string& schema, milliseconds by) {
    shared_server().pass_time(schema, by);
}

INSTANTIATE_TEST_SUITE_P(Postgresql, StoreSuite,
                         ::testing::Values(store_engine{"Postgresql", open_in, pass_time_in}),
                         [](const auto& made) { return made.param.name; });
INSTANTIATE_TEST_SUITE_P(Postgresql, FollowedPosts,
                         ::testing::Values(store_engine{"Postgresql", open_in, pass_time_in}),
                         [](const auto& made) { return made.param.name; });

INSTANTIATE_TEST_SUITE_P(Postgresql, OutboxSuite,
                         ::testing::Values(store_engine{"Postgresql", open_in, pass_time_in}),
                         [](const auto& made) { return made.param.name; });
INSTANTIATE_TEST_SUITE_P(Postgresql, FailingOutboxSuite,
                         ::testing::Values(store_engine{"Postgresql", open_in, pass_time_in}),
                         [](const auto& made) { return made.param.name; });

INSTANTIATE_TEST_SUITE_P(Postgresql, OldStoreSuite,
                         ::testing::Values(store_engine{"Postgresql", open_in, {}, make_old}),
                         [](const auto& made) { return made.param.name; });

} // namespace gateway::testing
