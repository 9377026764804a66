#include "store/facts.hpp"

#include "store/queries.hpp"

namespace gateway::store {

using named_values = std::vector<std::pair<std::string, std::string>>;

task<result<std::optional<std::string>>> facts::find(std::string name, deadline until) {
    statement ask("SELECT value FROM meta WHERE name = $1", name);
    return run(engine_, unit::reads(), until, &first_of<std::string>, std::move(ask));
}

task<result<void>> facts::put(std::string name, std::string value, deadline until) {
    statement put(
        "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2", name,
        blob(value));
    return run(engine_, unit::writes(), until, &execute, std::move(put));
}

task<result<std::string>> facts::put_first(std::string name, std::string value, deadline until) {
    return run(engine_, unit::atomic_writes(), until, [=](transaction& at) -> task<std::string> {
        statement put("INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name,
                      blob(value));
        co_await execute(at, std::move(put));
        const auto there =
            co_await first_of<std::string>(at, statement("SELECT value FROM meta WHERE name = $1", name));
        co_return there.value_or(value);
    });
}

task<result<void>> facts::forget(std::string name, deadline until) {
    statement forget("DELETE FROM meta WHERE name = $1", name);
    return run(engine_, unit::writes(), until, &execute, std::move(forget));
}

/// Reads from the prefix on, in the order of bytes, until a name does not begin with it.
task<result<named_values>> facts::list(std::string name_prefix, deadline until) {
    return run(engine_, unit::reads(), until, [=](transaction& at) -> task<named_values> {
        const statement ask("SELECT name, value FROM meta WHERE name >= $1 ORDER BY name", name_prefix);
        auto found = co_await at.run(ask);
        named_values out;
        std::string name, value;
        while (found.next(name, value) && name.starts_with(name_prefix))
            out.emplace_back(std::move(name), std::move(value));
        co_return out;
    });
}

task<result<std::uint64_t>> facts::add_to_counter(std::string name, std::uint64_t by, deadline until) {
    statement add(
        "INSERT INTO counters AS c (name, value) VALUES ($1, $2) "
        "ON CONFLICT (name) DO UPDATE SET value = c.value + excluded.value RETURNING value",
        name, by);
    return run(engine_, unit::writes(), until, &number_of, std::move(add));
}

} // namespace gateway::store
