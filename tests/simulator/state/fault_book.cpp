#include "state/fault_book.hpp"

#include "base/pattern.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <map>
#include <stdexcept>

namespace gateway::simulator {

namespace {

namespace json = boost::json;

/// Removes keys from a description as they are read; keys that remain are unknown.
class description_reader {
public:
    description_reader(const json::value& from, std::string where) : where_(std::move(where)) {
        if (!from.is_object()) throw std::invalid_argument(where_ + " must be an object");
        left_ = from.as_object();
    }

    void number(std::string_view key, std::int64_t& into) {
        if (const auto value = take(key)) {
            if (!value->is_int64()) wrong(key, "a whole number");
            into = value->as_int64();
        }
    }
    void number(std::string_view key, std::optional<std::int64_t>& into) {
        if (has(key)) number(key, into.emplace());
    }
    void flag(std::string_view key, bool& into) {
        if (const auto value = take(key)) {
            if (!value->is_bool()) wrong(key, "true or false");
            into = value->as_bool();
        }
    }
    void text(std::string_view key, std::string& into) {
        if (const auto value = take(key)) {
            // A body may be given as JSON, which means its text.
            into = value->is_string() ? std::string(value->as_string()) : json::serialize(*value);
        }
    }
    void text(std::string_view key, std::optional<std::string>& into) {
        if (has(key)) text(key, into.emplace());
    }
    std::optional<json::value> take(std::string_view key) {
        const auto found = left_.find(key);
        if (found == left_.end()) return std::nullopt;
        json::value value = found->value();
        left_.erase(found);
        return value;
    }
    bool has(std::string_view key) const { return left_.contains(key); }
    void finish() const {
        if (!left_.empty()) {
            throw std::invalid_argument(where_ + "." + std::string(left_.begin()->key()) + " is not known");
        }
    }

private:
    [[noreturn]] void wrong(std::string_view key, const char* what) const {
        throw std::invalid_argument(where_ + "." + std::string(key) + " must be " + what);
    }
    std::string where_;
    json::object left_;
};

fault_match read_match(const json::value& from) {
    fault_match match;
    description_reader r(from, "match");
    r.text("listener", match.listener);
    r.text("method", match.method);
    r.text("path", match.path);
    r.text("account", match.account);
    r.number("nth", match.nth);
    r.flag("connection", match.connection);
    r.finish();
    return match;
}

fault_effect read_effect(const json::value& from) {
    fault_effect effect;
    description_reader r(from, "do");
    r.flag("apply", effect.apply);
    r.number("delay_ms", effect.delay_ms);
    std::optional<std::int64_t> status;
    r.number("status", status);
    if (status) effect.status = static_cast<int>(*status);
    r.text("body", effect.body);
    if (const auto headers = r.take("headers")) {
        description_reader fields(*headers, "do.headers");
        for (const auto& field : headers->as_object()) {
            std::string value;
            fields.text(field.key(), value);
            effect.headers.emplace_back(std::string(field.key()), std::move(value));
        }
    }
    if (const auto merge = r.take("merge")) {
        if (!merge->is_object()) throw std::invalid_argument("do.merge must be an object");
        effect.merge = merge->as_object();
    }
    r.text("raw", effect.raw);
    r.text("extra_bytes", effect.extra_bytes);
    r.number("reset_at_byte", effect.reset_at_byte);
    r.number("truncate_at_byte", effect.truncate_at_byte);
    r.flag("close_without_alert", effect.close_without_alert);
    r.flag("close", effect.close);
    r.flag("reset_before_answer", effect.reset_before_answer);
    r.flag("hang", effect.hang);
    r.flag("early", effect.early);
    r.number("drip_ms", effect.drip_ms);
    r.number("reset_after_request_bytes", effect.reset_after_request_bytes);
    r.number("read_delay_ms", effect.read_delay_ms);
    r.finish();
    return effect;
}

bool fits(const std::string& wanted, const std::string& found) {
    return wanted.empty() || wanted == found;
}

/// Counts a match; true when the fault is to happen now.
bool fires(fault& one) {
    ++one.seen;
    if (one.match.nth > 0 && one.seen != one.match.nth) return false;
    if (one.times >= 0 && one.fired >= one.times) return false;
    ++one.fired;
    return true;
}

} // namespace

fault_book::added fault_book::add(const json::value& description) {
    try {
        fault made;
        description_reader r(description, "fault");
        if (const auto match = r.take("match")) made.match = read_match(*match);
        r.number("times", made.times);
        const auto effect = r.take("do");
        if (!effect) throw std::invalid_argument("fault.do is missing");
        made.effect = read_effect(*effect);
        r.finish();
        made.id = ++added_;
        faults_.push_back(std::move(made));
        return {added_, ""};
    } catch (const std::invalid_argument& problem) {
        return {0, problem.what()};
    }
}

std::optional<fault_effect> fault_book::pick(const std::string& listener, const std::string& method,
                                             const std::string& path, const std::string& account) {
    for (fault& one : faults_) {
        const fault_match& m = one.match;
        if (m.connection || !fits(m.listener, listener) || !fits(m.method, method)
            || !fits(m.account, account)) {
            continue;
        }
        if (!m.path.empty() && !matches(m.path, path)) continue;
        if (fires(one)) return one.effect;
    }
    return std::nullopt;
}

std::optional<fault_effect> fault_book::pick_connection(const std::string& listener) {
    for (fault& one : faults_) {
        if (one.match.connection && fits(one.match.listener, listener) && fires(one)) return one.effect;
    }
    return std::nullopt;
}

json::array fault_book::list() const {
    json::array all;
    for (const fault& one : faults_) {
        all.push_back({{"id", one.id},
                       {"times", one.times},
                       {"seen", one.seen},
                       {"fired", one.fired},
                       {"match",
                        {{"listener", one.match.listener},
                         {"method", one.match.method},
                         {"path", one.match.path},
                         {"account", one.match.account},
                         {"nth", one.match.nth},
                         {"connection", one.match.connection}}}});
    }
    return all;
}

} // namespace gateway::simulator
