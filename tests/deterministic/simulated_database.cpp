#include "deterministic/simulated_database.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <stdexcept>
#include <utility>
#include <vector>

namespace gateway::simulation {
namespace {

/// The transaction of one unit for a replica: the database's own with that owner.
class session final : public store::transaction {
public:
    session(store::sqlite_database& at, const std::string& owner, const std::set<std::string>& living)
        : at_(at), owner_(owner), living_(living) {}

    task<store::rows> run(const store::statement& what) override { return at_.run(what); }
    void notify(store::change what) override { changes.push_back(std::move(what)); }
    void refuse(std::string why) override { at_.refuse(std::move(why)); }
    bool failed() const override { return at_.failed(); }
    const std::string& owner() const override { return owner_; }
    task<bool> owner_is_gone(std::string owner) override { co_return !living_.contains(owner); }

    std::vector<store::change> changes;

private:
    store::sqlite_database& at_;
    const std::string& owner_;
    const std::set<std::string>& living_;
};

} // namespace

simulated_database::simulated_database() {
    auto opened = store::sqlite_database::open_in_memory([this] { return wall_now() + passed_; });
    if (!opened) throw std::runtime_error(opened.error().message());
    at_ = std::move(*opened);
}

void simulated_database::perform(store::engine::work& what, const std::string& owner) {
    session one(*at_, owner, living);
    bool ended = false;
    std::exception_ptr fault;
    at_->begin(true);
    boost::asio::co_spawn(loop_, what.run(one), [&](std::exception_ptr thrown) {
        ended = true;
        fault = std::move(thrown);
    });
    loop_.restart();
    loop_.poll();
    at_->execute("COMMIT");
    if (fault) std::rethrow_exception(fault);
    if (!ended || at_->failed()) throw std::logic_error("a unit failed in memory: " + at_->error());
    if (!on_change) return;
    for (const auto& each : one.changes)
        if (each.what == store::change::kind::connection) on_change(user_id::trusted(each.name));
}

} // namespace gateway::simulation
