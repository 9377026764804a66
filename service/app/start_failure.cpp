#include "app/start_failure.hpp"

#include "base/clock.hpp"
#include "base/json/values.hpp"
#include "base/lists.hpp"
#include "telemetry/log_line.hpp"

#include <boost/json/object.hpp>

#include <utility>

namespace gateway::app {
namespace {

std::string in_lines(int exit, const std::vector<settings::fault>& faults) {
    if (exit != exit_settings && faults.size() == 1)
        return "it does not start: " + settings::text_of(faults.front());
    std::string message = "the settings are not good:";
    for (const auto& one : faults)
        message += "\n  " + settings::text_of(one);
    return message;
}

} // namespace

start_failure::start_failure(int exit, std::vector<settings::fault> all)
    : std::runtime_error(in_lines(exit, all)), exit_status(exit), faults(std::move(all)) {}

std::string line_of(std::string_view event, const start_failure& why) {
    std::vector<std::string> keys, texts;
    for (const auto& one : why.faults) {
        if (!one.key.empty()) keys.push_back(one.key);
        texts.push_back(settings::text_of(one));
    }
    if (texts.empty()) texts.emplace_back(why.what());
    boost::json::object more;
    if (event == start_failed) more["exit_status"] = why.exit_status;
    if (!keys.empty()) more["keys"] = joined(keys, ", ");
    more["faults"] = joined(texts, "; ");
    std::string line;
    telemetry::append_event(line, telemetry::level::error, event, {}, wall_now());
    line.back() = ','; // it would cut texts, some of which callers choose
    return line + serialize_json(more).substr(1);
}

} // namespace gateway::app
