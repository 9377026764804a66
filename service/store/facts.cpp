#include "store/facts.hpp"

#include "store/engine.hpp"

namespace gateway::store {
namespace {

using named_values = std::vector<std::pair<std::string, std::string>>;

task<std::optional<std::string>> find_fact(transaction& at, const std::string& name) {
    statement ask{"SELECT value FROM meta WHERE name = $1"};
    ask.text(name);
    auto found = co_await at.run(ask);
    std::optional<std::string> out;
    if (found.next()) out = found.next_text();
    co_return out;
}

task<void> put_fact(transaction& at, const std::string& name, const std::string& value) {
    statement put{
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2"};
    put.text(name).blob(value);
    co_await at.run(put);
}

task<void> forget_fact(transaction& at, const std::string& name) {
    statement forget{"DELETE FROM meta WHERE name = $1"};
    forget.text(name);
    co_await at.run(forget);
}

/// Reads from the prefix on, in the order of bytes, until a name does not begin with it.
task<named_values> list_facts(transaction& at, const std::string& name_prefix) {
    statement ask{"SELECT name, value FROM meta WHERE name >= $1 ORDER BY name"};
    ask.text(name_prefix);
    auto found = co_await at.run(ask);
    named_values out;
    while (found.next()) {
        auto name = found.next_text();
        if (!name.starts_with(name_prefix)) break;
        out.emplace_back(std::move(name), found.next_text());
    }
    co_return out;
}

task<std::uint64_t> add_to(transaction& at, const std::string& name, std::uint64_t by) {
    statement add{
        "INSERT INTO counters AS c (name, value) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value RETURNING value"};
    add.text(name).number(by);
    auto sum = co_await at.run(add);
    co_return sum.next() ? sum.next_count() : 0;
}

} // namespace

task<result<std::optional<std::string>>> facts::find(std::string name, deadline until) {
    return run(engine_, unit::reads(), until, &find_fact, std::move(name));
}

task<result<void>> facts::put(std::string name, std::string value, deadline until) {
    return run(engine_, unit::writes(), until, &put_fact, std::move(name), std::move(value));
}

task<result<void>> facts::forget(std::string name, deadline until) {
    return run(engine_, unit::writes(), until, &forget_fact, std::move(name));
}

task<result<named_values>> facts::list(std::string name_prefix, deadline until) {
    return run(engine_, unit::reads(), until, &list_facts, std::move(name_prefix));
}

task<result<std::uint64_t>> facts::add_to_counter(std::string name, std::uint64_t by, deadline until) {
    return run(engine_, unit::writes(), until, &add_to, std::move(name), by);
}

} // namespace gateway::store
