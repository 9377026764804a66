#include "deterministic/token_endpoint.hpp"

#include "http/query.hpp"
#include "runtime/shared_wait.hpp"

#include <memory>
#include <utility>

namespace gateway::simulation {
namespace {

outbound::reply reply_of(int status, std::string body, std::string retry_after = {}) {
    outbound::reply out;
    out.status = status;
    out.bytes = body;
    out.retry_after = std::move(retry_after);
    return out;
}

failure lost() {
    return failure{errc::tiktok_unreachable, "the connection broke"}.may_have_reached_tiktok();
}

failure unreadable() {
    return failure{errc::tiktok_error, "nobody can read this answer"}.may_have_reached_tiktok();
}

std::string refresh_token_in(const std::string& request) {
    const auto fields = http::query::parse(request.substr(request.find("\r\n\r\n") + 4));
    const auto* token = fields ? fields->find("refresh_token") : nullptr;
    return token == nullptr ? std::string{} : *token;
}

} // namespace

struct token_endpoint::fate {
    microseconds there{0}, back{0};
    milliseconds lag{0};
    bool refused = false, lost_before = false, lost_after = false, silent = false, half = false,
         error = false, late_error = false, unreadable = false, page = false;
    int status = 0;
};

/// A request in flight, while the replica waits for it.
class token_endpoint::flight {
public:
    flight(token_endpoint& at, life& from, std::size_t user) : at_(at), from_(from), user_(user) {
        const auto [place, first] = at_.in_flight_.emplace(user, this);
        if (first) return;
        // Only a replica that was paused during its request may miss that its lease has expired.
        const auto& other = *place->second;
        const bool stood_still = other.from_.stood_still_between(other.began_, began_);
        if (!stood_still)
            at_.world_.violation("T08: two refreshes in flight for user " + std::to_string(user));
        place->second = this;
    }
    flight(const flight&) = delete;
    flight& operator=(const flight&) = delete;
    ~flight() {
        const auto found = at_.in_flight_.find(user_);
        if (found != at_.in_flight_.end() && found->second == this) at_.in_flight_.erase(found);
        from_.ended[user_] = steady_now();
    }

private:
    token_endpoint& at_;
    life& from_;
    std::size_t user_;
    steady_time began_ = steady_now();
};

token_endpoint::fate token_endpoint::draw() {
    auto& chance = world_.chance();
    fate out;
    out.there = chance.between(faults.fastest, faults.slowest);
    out.back = chance.between(faults.fastest, faults.slowest);
    out.lag = std::chrono::duration_cast<milliseconds>(chance.between(seconds{1}, seconds{8}));
    out.refused = chance.permille(faults.refused_permille);
    out.lost_before = chance.permille(faults.lost_before_permille);
    out.lost_after = chance.permille(faults.lost_after_permille);
    out.silent = chance.permille(faults.silent_permille);
    out.half = chance.permille(faults.half_permille);
    out.error = chance.permille(faults.error_permille);
    out.late_error = chance.permille(faults.late_error_permille);
    out.status = chance.one_in(3) ? 429 : 503;
    out.unreadable = chance.permille(faults.unreadable_permille);
    out.page = chance.permille(faults.page_permille);
    return out;
}

/// TikTok's part.
outbound::reply token_endpoint::judge(const std::string& refresh_token, const fate& how,
                                      std::optional<std::size_t>& issued) {
    if (how.error) return reply_of(how.status, R"({"error":"server_error"})", how.status == 429 ? "7" : "");
    issued = history_.refresh(refresh_token, how.lag);
    world_.note(issued ? "issued" : "invalid_grant", refresh_token, issued.value_or(0));
    if (!issued) return reply_of(400, R"({"error":"invalid_grant","error_description":"expired"})");
    auto& made = history_.pair(*issued);
    made.after_5xx = how.late_error;
    if (how.late_error) return reply_of(503, "");
    std::string body = R"({"access_token":")" + made.access + R"(","expires_in":)"
                       + std::to_string(history_.access_lifetime().count() / 1000) + R"(,"refresh_token":")"
                       + made.refresh + R"(","refresh_expires_in":15552000,"open_id":"open-)"
                       + std::to_string(made.user) + R"(","scope":"user.info.basic","token_type":"Bearer"})";
    if (how.page) body = "<html>no</html>";
    if (how.half) body.resize(body.size() / 2);
    return reply_of(200, std::move(body));
}

/// Turns are spread, but a slow store delays some into the same time, and a pause all waiting ones (T16).
void token_endpoint::watch_pace(life& from, std::size_t user) {
    constexpr seconds window{20}, brought_together{10};
    const auto now = steady_now();
    const auto last = from.ended.find(user);
    if (last != from.ended.end() && last->second == now) return; // a second try after a lost answer
    auto& late = from.refreshes;
    late.push_back(now);
    while (late.front() < now - window)
        late.pop_front();
    const auto most = refresh_per_second * static_cast<double>((window + brought_together).count()) + 2;
    if (static_cast<double>(late.size()) > most && !from.stood_still_between(now - window * 3, now))
        world_.violation("T16: faster than refresh_per_second");
}

task<result<outbound::reply>> token_endpoint::serve(life& from, std::string request, deadline until) {
    const auto token = refresh_token_in(request);
    const auto shown = history_.of_refresh_token(token);
    if (!shown) co_return reply_of(200, ""); // a revocation, which is best effort
    const auto user = history_.pair(*shown).user;
    ++requests;
    watch_pace(from, user);
    world_.note("asks", token, from.number);
    const flight mine(*this, from, user);
    const auto& held = history_.pair(held_now(user));
    if (held.grant == history_.pair(*shown).grant && held.refresh != token)
        world_.violation("V11: a refresh with a pair that was replaced before it left: " + token);
    const auto how = draw();
    if (how.refused) co_return failure{errc::tiktok_unreachable, "no connection"};
    struct on_its_way {
        shared_wait<result<outbound::reply>> answer;
        std::optional<std::size_t> issued;
    };
    const auto call = std::make_shared<on_its_way>();
    const auto asked_at = steady_now();
    auto arrive = [this, call, how, token] {
        auto reply = how.lost_before ? reply_of(0, "") : judge(token, how, call->issued);
        if (how.silent) return;
        world_.after(how.back, [call, how, reply = std::move(reply)] {
            if (how.lost_before || how.lost_after)
                call->answer.set(lost());
            else if (how.unreadable)
                call->answer.set(unreadable());
            else
                call->answer.set(reply);
        });
    };
    world_.after(how.there, std::move(arrive));
    auto got = co_await call->answer.wait(until);
    if (!got) co_return failure{errc::deadline_exceeded, "no answer in time"}.may_have_reached_tiktok();
    if (*got && call->issued && !how.half && !how.late_error && !how.page) {
        auto& pair = history_.pair(*call->issued);
        pair.received_at = steady_now();
        pair.received_by = from.number;
        pair.asked_at = asked_at;
        world_.note("received", pair.refresh, from.number);
    }
    co_return std::move(*got);
}

tiktok::send_form token_endpoint::sender_of(life& from) {
    return [this, &from](std::string request, deadline until, sharer) {
        return serve(from, std::move(request), until);
    };
}

} // namespace gateway::simulation
