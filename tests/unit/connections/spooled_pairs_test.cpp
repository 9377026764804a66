// Pairs of imports and logins that wait on the disk, because the store was away when TikTok gave them.
#include "connections/spooled_login.hpp"
#include "unit/connections/login_fixture.hpp"
#include "unit/store/watching_engine.hpp"
#include "unit/vault/spool_fixture.hpp"

namespace gateway::testing {
namespace {

class SpooledPairs : public login_fixture {
protected:
    void SetUp() override {
        login_fixture::SetUp();
        open();
    }
    void TearDown() override {
        connection_service.reset();
        its_vault.reset();
        failing.reset();
        login_fixture::TearDown();
        spool.reset();
    }
    void open() {
        spool.reset();
        spool = std::make_unique<vault::pair_spool>(*vault, directory);
        spool->report_to(log.reporter());
        vault->use_spool(spool.get());
    }
    void leave(vault::spooled_pair what) {
        {
            const auto copy = spool->keep(std::move(what));
            turn_until(loop, [&] { return spool->waiting() == 1; });
        }
        open();
    }
    void store_spooled() {
        const auto done = run_on(loop, connection_service->store_spooled(soon()));
        EXPECT_TRUE(done);
        turn_until(loop, [this] { return disk.files().empty(); });
    }
    /// A login whose process died when TikTok had answered, as its pair lies on the disk.
    store::oauth_state_record taken_login(const std::string& name, connections::login_options wish = {}) {
        const auto begun = begin(name, std::move(wish));
        const auto state = agree(begun->authorize_url).state;
        auto taken =
            run_on(loop, records->logins.take(std::string(as_text(sha256(state))), wall_now(), soon()));
        return **taken;
    }
    vault::spooled_pair spooled_of(const store::oauth_state_record& login) {
        auto out = vault::spooled(vault::spooled_kind::login, login.app, pair("login"), wall_now());
        out.user = login.user;
        out.login = connections::write_spooled_login({login, "salt", "proof"});
        return out;
    }
    /// Its store refuses an atomic unit now and then.
    void use_a_store_that_fails() {
        auto watching = std::make_unique<watching_engine>(records->on());
        engine = watching.get();
        failing = std::make_unique<store::store>(std::move(watching));
        its_vault = std::make_unique<vault::token_vault>(pairs_of(*failing), ring_of("a"), client_key);
        ASSERT_TRUE(run_on(loop, its_vault->check_keys(soon())));
        its_vault->use_spool(spool.get());
        connection_service = service_on(*failing, *its_vault);
    }
    result<void> import_again() {
        const std::string body =
            R"({"access_token":"act.old","expires_in":0,"refresh_token":"rft.sent","refresh_expires_in":15552000,)"
            R"("open_id":"open-1","scope":"user.info.basic,video.list"})";
        const auto got = run_on(
            loop, connection_service->import_tokens(user_id::trusted("ann"), body, wall_now(), soon()));
        if (!got) return got.error();
        return {};
    }
    static const std::string& page_in(const connections::callback_answer& answer) {
        return std::get<callback_page>(answer).html;
    }

    spool_log log;
    const std::string directory = folder.file("spool");
    const spool_folder_on_disk disk{directory};
    std::unique_ptr<vault::pair_spool> spool;
    watching_engine* engine = nullptr;
    std::unique_ptr<store::store> failing;
    std::unique_ptr<vault::token_vault> its_vault;
};

TEST_F(SpooledPairs, DeathPALoginsFactsAreReadAsTheyWereWritten) {
    store::oauth_state_record login;
    login.state_hash = std::string("\0\x01hash", 6);
    login.caller = caller_name::trusted("shop");
    login.user = user_id::trusted("a:1");
    login.app = "app-key";
    login.return_url = "https://shop.example/app?x=1:2";
    login.scopes = "user.info.basic";
    login.replace_account = true;
    login.expires_at = from_unix_ms(123);
    const auto text = connections::write_spooled_login({login, "salt", "proof"});
    const auto read = connections::read_spooled_login(text);
    ASSERT_TRUE(read);
    EXPECT_EQ(connections::write_spooled_login(*read), text);
    EXPECT_TRUE(read->login.replace_account);
    EXPECT_FALSE(read->login.confirm);
    for (std::size_t cut = 0; cut < text.size(); ++cut)
        EXPECT_FALSE(connections::read_spooled_login(std::string_view(text).substr(0, cut)));
    EXPECT_FALSE(connections::read_spooled_login(text + "x"));
}

TEST_F(SpooledPairs, DeathPAnInterruptedLoginConnectsItsUser) {
    leave(spooled_of(taken_login("ann")));
    store_spooled();
    const auto shown = show("ann");
    ASSERT_TRUE(shown);
    EXPECT_EQ(shown->state, connection_state::connected);
    EXPECT_EQ((**load("ann")).access_token.reveal(), "act.login");
    EXPECT_EQ(ended("connected"), "1");
}

TEST_F(SpooledPairs, DeathPOneThatTheStoreHasAlreadyIsDroppedAndNotRevoked) {
    const auto what = spooled_of(taken_login("ann"));
    leave(what.copy());
    const auto bytes = disk.bytes();
    store_spooled();
    const auto version = record("ann").version;
    disk.put("again.pair", bytes); // the process died between the store and the disk
    open();
    store_spooled();
    EXPECT_EQ(record("ann").version, version);
    EXPECT_EQ(rows_of("revocations"), 0U);
}

TEST_F(SpooledPairs, DeathPALaterLoginOfTheUserIsNotReplaced) {
    const auto login = taken_login("ann");
    auto what = spooled_of(login);
    what.text.received_at = wall_now() - seconds{60};
    grant("ann", pair("later"), wall_now());
    leave(std::move(what));
    store_spooled();
    EXPECT_EQ((**load("ann")).access_token.reveal(), "act.later");
}

TEST_F(SpooledPairs, DeathPAGrantThatNobodyMayHaveAnyMoreIsGivenBack) {
    const auto login = taken_login("ann");
    caller_exists = false;
    leave(spooled_of(login));
    store_spooled();
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(rows_of("revocations"), 1U);
}

TEST_F(SpooledPairs, DeathPALoginThatWantsAConfirmationIsNotConnectedWithoutOne) {
    connections::login_options wish;
    wish.confirm = true;
    wish.return_url = "https://shop.example/app";
    leave(spooled_of(taken_login("ann", std::move(wish))));
    store_spooled();
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(rows_of("revocations"), 1U);
}

TEST_F(SpooledPairs, DeathPALoginThatTheUserHasEndedIsNotConnected) {
    const auto login = taken_login("ann");
    grant("ann", pair("old"), wall_now() - seconds{3600});
    disconnect("ann"); // its logins end with it
    leave(spooled_of(login));
    store_spooled();
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
}

TEST_F(SpooledPairs, DeathPTheSameImportFindsItsPair) {
    auto what = vault::spooled(vault::spooled_kind::import, "app-key", pair("new"), wall_now());
    what.sent_hash = std::string(as_text(sha256("rft.sent")));
    leave(what.copy());
    const auto bytes = disk.bytes();
    store_spooled();
    const auto found = run_on(loop, vault->find_import(what.sent_hash, wall_now(), soon()));
    ASSERT_TRUE(found && *found);
    EXPECT_EQ((*found)->tokens.access_token.reveal(), "act.new");
    EXPECT_EQ((*found)->tokens.refresh_token.reveal(), "rft.new");
    ASSERT_TRUE(import_again());
    EXPECT_EQ((**load("ann")).access_token.reveal(), "act.new");
    EXPECT_EQ(requests(), 0U) << "the token that was sent is dead";
    disk.put("again.pair", bytes);
    open();
    store_spooled();
    EXPECT_EQ(rows_of("import_proofs", "user_id = ''"), 0U) << "it is complete, and stays so";
}

TEST_F(SpooledPairs, DeathPAnImportThatIsBeingStoredIsNotAskedForAgain) {
    auto what = vault::spooled(vault::spooled_kind::import, "app-key", pair("new"), wall_now());
    what.sent_hash = std::string(as_text(sha256("rft.sent")));
    {
        const auto copy = spool->keep(std::move(what)); // in the hands of somebody who is storing it
        const auto got = import_again();
        ASSERT_FALSE(got);
        EXPECT_EQ(got.error().code(), errc::vault_unavailable);
        EXPECT_EQ(got.error().details()->retry_after, seconds{1});
    }
    EXPECT_TRUE(import_again());
    EXPECT_EQ((**load("ann")).access_token.reveal(), "act.new");
    EXPECT_EQ(requests(), 0U) << "the token that was sent is dead";
}

TEST_F(SpooledPairs, DeathPALoginWhoseStoreFailedForAMomentIsConnectedAndItsPageTellsIt) {
    use_a_store_that_fails();
    const auto query = agree(begin("ann")->authorize_url);
    engine->fates = {watching_engine::fate::refused};
    const auto first = come_back(query);
    EXPECT_EQ(status_of(first), 400);
    EXPECT_NE(page_in(first).find("goes on by itself"), std::string::npos) << page_in(first);
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    EXPECT_EQ(status_of(come_back(query)), 400) << "not yet";
    store_spooled();
    ASSERT_TRUE(show("ann"));
    EXPECT_EQ(rows_of("revocations"), 0U);
    const auto last = come_back(query);
    EXPECT_EQ(status_of(last), 200);
    EXPECT_NE(page_in(last).find("connected"), std::string::npos) << page_in(last);
}

TEST_F(SpooledPairs, DeathPALoginThatWasStoredBeforeTheProcessDiedIsToldAsConnected) {
    const auto query = agree(begin("ann")->authorize_url);
    auto login =
        **run_on(loop, records->logins.take(std::string(as_text(sha256(query.state))), wall_now(), soon()));
    auto what = spooled_of(login);
    connections::spooled_login with_page{login, connections::new_salt(), {}};
    with_page.page_proof = connections::proof_of_code(with_page.page_salt, query.code);
    what.login = connections::write_spooled_login(with_page);
    leave(what.copy());
    const auto bytes = disk.bytes();
    store_spooled();
    disk.put("again.pair", bytes);
    open();
    store_spooled();
    EXPECT_EQ(status_of(come_back(query)), 200);
    EXPECT_EQ(rows_of("revocations"), 0U);
}

TEST_F(SpooledPairs, DeathPAPairThatCannotBeStoredHoldsUpNoOther) {
    use_a_store_that_fails();
    for (const auto* name : {"ann", "bob"})
        const auto copy = spool->keep(spooled_of(taken_login(name)));
    engine->fates = {watching_engine::fate::refused};
    EXPECT_FALSE(run_on(loop, connection_service->store_spooled(soon())));
    EXPECT_EQ(show("ann").error().code(), errc::user_not_connected);
    EXPECT_TRUE(show("bob"));
    store_spooled();
    EXPECT_TRUE(show("ann"));
}

TEST_F(SpooledPairs, DeathPALoginThatGoesWellLeavesNothingOnTheDisk) {
    const auto begun = begin("ann");
    EXPECT_EQ(status_of(come_back(agree(begun->authorize_url))), 200);
    turn_until(loop, [this] { return disk.files().empty(); });
    EXPECT_TRUE(log.told().empty());
}

} // namespace
} // namespace gateway::testing
