// Grants that are to be ended at TikTok (store/revocations.hpp): the try of the call that disconnected the
// user, and later ones in the background. Part of connection_service.
#pragma once
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/sharer.hpp"
#include "runtime/task.hpp"
#include "tiktok/oauth_answers.hpp"
#include "vault/token_vault.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace gateway::tiktok {
class oauth;
}

namespace gateway::tokens {
class token_service;
}

namespace gateway::connections {

class uncut_work;

/// `ended`: TikTok says that there is no such grant any more. `not_wanted`: somebody holds the account by
/// now. `lost`: TikTok's answer to a refresh was lost, and with it the only pair.
enum class revoke_end { revoked, ended, not_wanted, lost, later };

/// What became of the revocations of one round.
struct revocation_round {
    std::size_t revoked = 0, ended = 0, not_wanted = 0, later = 0, given_up = 0;
};

class revoker {
public:
    revoker(vault::token_vault& vault, tiktok::oauth& ask, tokens::token_service& tokens, uncut_work& uncut)
        : vault_(vault), ask_(ask), tokens_(tokens), uncut_(uncut) {}

    /// A few requests. Forgets the pair unless another round is to try again.
    task<revoke_end> carry_out(vault::revocation what, deadline until);
    /// All that may be tried now, of this or another replica.
    task<result<revocation_round>> carry_out_due(deadline until);

private:
    /// A connection to the account that was to be tried, and whether TikTok refuses its tokens.
    struct tried_holder {
        user_id user;
        std::uint64_t version = 0;
        bool was_refused = false;
    };
    /// `token_refused`: TikTok does not take the access token, whatever its lifetime. `others_to_try`:
    /// somebody may hold the account.
    enum class request_end { revoked, token_refused, not_wanted, others_to_try, later };

    static std::vector<tried_holder>::const_iterator find_tried(const std::vector<tried_holder>& tried,
                                                                const store::connection_summary& of);
    task<std::optional<request_end>> why_not(const vault::revocation& what,
                                             const std::vector<tried_holder>& tried);
    task<request_end> send_patiently(const vault::revocation& what, const std::vector<tried_holder>& tried,
                                     deadline until);

    task<revoke_end> try_now(vault::revocation& what, deadline until);
    /// A valid access token first, for which TikTok may have to be asked. Empty: `what` has one.
    task<std::optional<revoke_end>> make_ready(vault::revocation& what, bool access_token_refused,
                                               deadline until);
    /// The same for a pair that needs a refresh; `what` is shared with a caller that may have gone.
    task<result<std::optional<revoke_end>>> refresh(std::shared_ptr<vault::revocation> what,
                                                    bool access_token_refused, sharer by);
    task<tiktok::token_outcome> request(const vault::revocation& what, sharer by);
    task<revoke_end> judge_refused(vault::revocation& what, bool access_token_refused);
    task<result<bool>> try_others(const vault::revocation& what, std::vector<tried_holder>& tried,
                                  deadline until);

    vault::token_vault& vault_;
    tiktok::oauth& ask_;
    tokens::token_service& tokens_;
    uncut_work& uncut_;
};

} // namespace gateway::connections
