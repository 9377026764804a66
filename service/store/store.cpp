#include "store/store.hpp"

#include "runtime/keep_running.hpp"
#include "store/postgresql/address.hpp"
#include "store/postgresql/engine.hpp"
#include "store/sqlite/backup.hpp"
#include "store/sqlite/engine.hpp"

#include <filesystem>
#include <string>
#include <utility>

namespace gateway::store {
namespace {

template <class Engine>
result<std::unique_ptr<store>> store_on(result<std::unique_ptr<Engine>> opened) {
    if (!opened) return opened.error();
    return std::make_unique<store>(std::move(*opened));
}

constexpr std::string_view sqlite_scheme = "sqlite:";

bool is_sqlite(std::string_view url) {
    return url.starts_with(sqlite_scheme) && url.size() > sqlite_scheme.size();
}

bool is_postgresql(std::string_view url) {
    return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

} // namespace

store::store(std::unique_ptr<engine> on, milliseconds flush_within)
    : engine_(std::move(on)), flush_within_(flush_within) {
    engine& on_it = *engine_;
    const auto start = [this, &on_it] { return run_late_writes(on_it, late); };
    const auto note = [&on_it](const std::exception_ptr&) { on_it.note_fault(); };
    on_it.spawn(keep_running(start, note));
}

store::~store() {
    if (flush_within_ > milliseconds{0} && engine_->state().now != condition::failed)
        late.wait_empty(deadline::in(steady_now(), flush_within_));
    engine_->stop();
}

result<std::unique_ptr<store>> open_store(std::string_view url, store_limits limits, std::string schema,
                                          if_away away) {
    if (is_sqlite(url))
        return store_on(open_sqlite_engine(std::string(url.substr(sqlite_scheme.size())), limits));
    if (is_postgresql(url))
        return store_on(open_postgresql_engine(std::string(url), std::move(schema), limits, away));
    return failure{errc::vault_unavailable, "It must be sqlite:PATH or postgresql://…"};
}

std::string file_of_store(std::string_view url) {
    if (!is_sqlite(url)) return {};
    return std::filesystem::absolute(url.substr(sqlite_scheme.size())).string();
}

std::string describe_wrong_url(std::string_view url) {
    if (is_sqlite(url)) return {};
    if (!is_postgresql(url)) return "must be sqlite:PATH or postgresql://…";
    const auto address = read_postgresql_url(std::string(url));
    if (!address) return address.error().message();
    const auto wrong = describe_wrong_mode(*address);
    return wrong.empty() ? describe_missing_authorities(*address) : wrong;
}

std::string describe_exposed_store(std::string_view url) {
    if (!is_sqlite(url)) return {};
    return describe_exposed_database(std::string(url.substr(sqlite_scheme.size())));
}

result<void> back_up(std::string_view url, const std::string& into) {
    if (is_sqlite(url)) return back_up_sqlite(std::string(url.substr(sqlite_scheme.size())), into);
    return failure{errc::invalid_input, "The store is a PostgreSQL: pg_dump makes a copy of its schema."};
}

std::string describe_foreign_store(std::string_view url) {
    if (!is_sqlite(url)) return {};
    return describe_foreign_database(std::string(url.substr(sqlite_scheme.size())));
}

std::string remark_on_url(std::string_view url) {
    if (!is_postgresql(url)) return {};
    const auto address = read_postgresql_url(std::string(url));
    if (!address) return {};
    const auto weak = describe_weak_tls(*address);
    return weak.empty() ? describe_no_authority(*address) : weak;
}

} // namespace gateway::store
