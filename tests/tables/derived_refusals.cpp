#include "http/percent.hpp"
#include "tables/refusals.hpp"
#include "tables/wrong_values.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <optional>

namespace tables {
namespace json = boost::json;
namespace {

/// A longer query does not fit into a request's head; such values are sent only in bodies.
constexpr std::size_t query_bytes_max = 6000;

bool in_query(way sent) {
    return sent == way::query || sent == way::video;
}

std::vector<way> ways_of(const row_shape& row) {
    if (row.reads_query_itself) return {};
    if (row.takes == "none" || row.takes == "stream") return {way::query};
    if (row.takes == "json") return {way::body};
    if (row.takes == "upload") return {way::body, way::form, way::video};
    return {};
}

bool names_a_file(const input_shape& input) {
    return input.kind == "url" || input.kind == "file";
}

bool is_list(const input_shape& input) {
    return input.kind == "fields" || input.kind.ends_with("_list");
}

/// All required inputs except `but`; for an upload without a file in its body also one that names a file.
json::object good_object(const row_shape& row, way sent, const input_shape* but) {
    json::object out;
    for (const auto& each : row.inputs) {
        const bool the_file =
            row.takes == "upload" && sent == way::body && each.kind == "url" && !(but && names_a_file(*but));
        if ((each.required || the_file) && &each != but) out[each.name] = good_value(each);
    }
    return out;
}

std::string as_query(const json::object& given) {
    std::string out;
    for (const auto& each : given) {
        const auto* text = each.value().if_string();
        const std::string value = text ? std::string(*text) : json::serialize(each.value());
        out +=
            (out.empty() ? "" : "&") + std::string(each.key()) + '=' + gateway::http::percent_encoded(value);
    }
    return out;
}

bool fits(const input_shape& input, const wrong_value& wrong, way sent) {
    if (!in_query(sent)) return true;
    const bool number = input.kind == "integer" && wrong.given.is_number();
    if (wrong.body_only || !(wrong.given.is_string() || number)) return false;
    return as_query({{input.name, wrong.given}}).size() <= query_bytes_max;
}

std::string unknown_to(const row_shape& row) {
    if (row.inputs.empty()) return "colour is not an input; this action takes none";
    std::string known;
    for (const auto& each : row.inputs)
        known += (known.empty() ? "" : ", ") + each.name;
    return "colour is not an input of this action; it takes " + known;
}

std::string told(const input_shape& input, const wrong_value& wrong) {
    return input.name + wrong.where + ' ' + wrong.reason;
}

class row_refusals {
public:
    row_refusals(const row_shape& row, way sent, std::vector<refusal>& out)
        : row_(row), sent_(sent), out_(out) {}

    void add_all() {
        for (const auto& input : row_.inputs)
            add_wrong(input);
        add_unknown();
        if (!row_.inputs.empty()) add_everything();
    }

private:
    void add(const std::string& name, const json::object& given, std::string faults) {
        add(name, in_query(sent_) ? as_query(given) : json::serialize(given), std::move(faults));
    }
    void add(const std::string& name, std::string given, std::string faults) {
        out_.push_back({name, row_.slug, sent_, std::move(given), std::move(faults)});
    }

    void add_wrong(const input_shape& input) {
        for (const auto& wrong : wrong_values(input)) {
            if (!fits(input, wrong, sent_)) continue;
            auto given = good_object(row_, sent_, &input);
            given[input.name] = wrong.given;
            add(input.name + wrong.why, given, told(input, wrong));
        }
        if (input.required) {
            auto given = good_object(row_, sent_, &input);
            add(input.name + "Missing", given, input.name + " is required");
            given[input.name] = nullptr;
            if (!in_query(sent_)) add(input.name + "Null", given, input.name + " is required");
        }
        // A file input beside a file in the body is another fault; lists may be repeated.
        if (!in_query(sent_) || is_list(input) || names_a_file(input)) return;
        const auto once = as_query({{input.name, good_value(input)}});
        add(input.name + "Repeated", once + '&' + once, input.name + " must be given once");
    }

    void add_unknown() {
        auto given = good_object(row_, sent_, nullptr);
        given["colour"] = "red";
        add("Unknown", given, unknown_to(row_));
        given["colour"] = nullptr;
        if (!in_query(sent_)) add("UnknownNull", given, unknown_to(row_));
    }

    void add_everything() {
        json::object given{{"colour", "red"}};
        std::string faults = unknown_to(row_);
        for (const auto& input : row_.inputs) {
            const auto wrongs = wrong_values(input);
            for (const auto& wrong : wrongs) {
                if (!fits(input, wrong, sent_)) continue;
                given[input.name] = wrong.given;
                faults += '\n' + told(input, wrong);
                break;
            }
        }
        add("Everything", given, faults);
    }

    const row_shape& row_;
    way sent_;
    std::vector<refusal>& out_;
};

} // namespace

std::vector<refusal> derived_refusals(const std::vector<row_shape>& rows) {
    std::vector<refusal> out;
    for (const auto& row : rows)
        for (const auto sent : ways_of(row))
            row_refusals(row, sent, out).add_all();
    return out;
}

std::string good_inputs(const row_shape& row) {
    return json::serialize(good_object(row, way::body, nullptr));
}

} // namespace tables
