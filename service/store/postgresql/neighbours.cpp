#include "store/postgresql/neighbours.hpp"

#include "store/statement.hpp"

namespace gateway::store {
namespace {

/// A right that a group has is one of each role that is its member. `makers` holds the roles that may create,
/// 0 for PUBLIC; `owners` those of what is in the schema.
constexpr char intruder_sql[] =
    "WITH here AS (SELECT oid AS schema, nspowner, nspacl FROM pg_namespace WHERE nspname = $1), "
    "others AS (SELECT oid, CAST(rolname AS TEXT) AS name FROM pg_roles WHERE rolcanlogin AND NOT rolsuper "
    "AND NOT pg_has_role(oid, (SELECT oid FROM pg_roles WHERE rolname = current_user), 'MEMBER')), "
    "makers AS (SELECT nspowner AS role FROM here UNION SELECT given.grantee FROM here, "
    "LATERAL aclexplode(coalesce(nspacl, acldefault('n', nspowner))) given "
    "WHERE given.privilege_type = 'CREATE'), "
    "owners AS (SELECT proowner AS role FROM pg_proc JOIN here ON pronamespace = schema "
    "UNION SELECT oprowner FROM pg_operator JOIN here ON oprnamespace = schema "
    "UNION SELECT typowner FROM pg_type JOIN here ON typnamespace = schema "
    "UNION SELECT relowner FROM pg_class JOIN here ON relnamespace = schema) "
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM makers WHERE role = 0) THEN 'PUBLIC' ELSE coalesce((SELECT "
    "min(name) "
    "FROM others, makers WHERE role <> 0 AND pg_has_role(oid, role, 'MEMBER')), '') END, "
    "coalesce((SELECT min(name) FROM others, owners WHERE pg_has_role(oid, role, 'MEMBER')), '')";

} // namespace

task<std::string> find_intruder(postgresql_connection& at, std::string schema) {
    const statement ask(intruder_sql, schema);
    auto found = co_await at.run(ask);
    std::string maker, owner;
    found.next(maker, owner);
    const std::string name = "the schema " + schema;
    if (!maker.empty())
        co_return "Others (" + maker + ") may create in " + name
            + ", and what they make there the gateway would call. REVOKE CREATE ON SCHEMA " + schema
            + " FROM " + maker + ", or give the gateway a schema of its own (store.schema).";
    if (!owner.empty())
        co_return "Something in " + name + " belongs to " + owner
            + ", and the gateway would call it. Remove it, or give the gateway a schema of its own "
              "(store.schema).";
    co_return std::string{};
}

} // namespace gateway::store
