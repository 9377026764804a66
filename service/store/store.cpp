#include "store/store.hpp"

#include "store/postgresql/engine.hpp"
#include "store/sqlite/engine.hpp"

#include <string>
#include <utility>

namespace gateway::store {
namespace {

template <class Engine>
result<std::unique_ptr<store>> store_on(result<std::unique_ptr<Engine>> opened) {
    if (!opened) return opened.error();
    return std::make_unique<store>(std::move(*opened));
}

} // namespace

store::store(std::unique_ptr<engine> on, milliseconds flush_within)
    : engine_(std::move(on)), flush_within_(flush_within) {
    engine_->spawn(run_late_writes(*engine_, late));
}

store::~store() {
    if (flush_within_ > milliseconds{0} && engine_->state().now != condition::failed)
        late.wait_empty(deadline::in(steady_now(), flush_within_));
    engine_->stop();
}

result<std::unique_ptr<store>> open_store(std::string_view url, store_limits limits) {
    constexpr std::string_view sqlite = "sqlite:";
    if (url.starts_with(sqlite) && url.size() > sqlite.size())
        return store_on(open_sqlite_engine(std::string(url.substr(sqlite.size())), limits));
    if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
        return store_on(open_postgresql_engine(std::string(url), limits));
    return failure{errc::vault_unavailable, "It must be sqlite:PATH or postgresql://…"};
}

} // namespace gateway::store
