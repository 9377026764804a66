// Imports of tokens that are kept elsewhere (docs/contract.md §6): TikTok is asked whose they are before they
// are stored, by a read of the account, or by a refresh if only that can tell. The pair of such a refresh is
// kept under the hash of the refresh token that was sent, before anything else can go wrong with it. Part of
// connection_service.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/sharer.hpp"
#include "runtime/task.hpp"
#include "store/refreshes.hpp"
#include "tiktok/oauth_answers.hpp"
#include "vault/pair_spool.hpp"
#include "vault/token_vault.hpp"

#include <functional>
#include <optional>
#include <string>

namespace gateway::tiktok {
class oauth;
}

namespace gateway::connections {

/// Whose an access token is; empty: only a refresh can tell (user_api/account_check.hpp).
using ask_account = std::function<task<result<std::optional<open_id>>>(user_id, secret, deadline)>;

class uncut_work;

/// Keeps the pair of an import that waits on the disk for whoever repeats the import.
task<result<void>> store_spooled_import(vault::token_vault& in, vault::spooled_copy copy, deadline until);

class importer {
public:
    importer(vault::token_vault& vault, store::refreshes& leases, tiktok::oauth& ask, ask_account whose,
             uncut_work& uncut)
        : vault_(vault), leases_(leases), ask_(ask), whose_(std::move(whose)), uncut_(uncut) {}

    /// invalid_input: TikTok names another account, does not accept the tokens, or 50 users have it already.
    /// user_not_connected: the user was connected when it began, and was disconnected meanwhile.
    task<result<void>> import(user_id user, vault::fresh_tokens given, wall_time now, deadline until);

private:
    struct attempt {
        user_id user;
        vault::fresh_tokens given;
        std::string hash;           // of the given refresh token
        bool was_connected = false; // its user, when it began

        attempt copy() const { return {user, given.copy(), hash, was_connected}; }
    };
    task<result<bool>> import_as_given(const attempt& of, wall_time now, deadline until);
    task<result<bool>> go_on(const attempt& of, deadline until);
    task<result<void>> refresh(const attempt& of, deadline until);
    task<result<void>> refresh_alone(attempt of, store::lease held, sharer by);
    task<result<void>> ask_and_keep(const attempt& of, deadline until, sharer by);
    task<result<void>> take_from_disk(const attempt& of, deadline until);
    task<tiktok::token_outcome> request(const attempt& of, deadline until, sharer by);
    task<result<vault::fresh_tokens>> ask_for_pair(const attempt& of, deadline until, sharer by);
    task<result<void>> complete(const attempt& of, vault::import_proof proof, deadline until);
    task<result<bool>> save(const attempt& of, vault::fresh_tokens tokens, wall_time now, deadline until);
    task<result<bool>> is_still_there(const attempt& of, user_id imported_for, deadline until);

    vault::token_vault& vault_;
    store::refreshes& leases_;
    tiktok::oauth& ask_;
    const ask_account whose_;
    uncut_work& uncut_;
};

} // namespace gateway::connections
