#include "posts/public_ids.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace gateway::posts {

public_ids::public_ids(std::string_view json) {
    boost::system::error_code bad;
    const boost::json::value parsed = boost::json::parse(json, bad);
    if (bad || !parsed.is_array()) return;
    for (const boost::json::value& one : parsed.get_array()) {
        if (one.is_string()) visible_.emplace_back(one.get_string());
        if (!one.is_object()) continue;
        const auto* id = one.get_object().if_contains("gone");
        const auto* at = one.get_object().if_contains("at");
        if (id && id->is_string() && at && at->is_int64())
            gone_.push_back({std::string(id->get_string()), at->get_int64()});
    }
}

void public_ids::appeared(const std::string& id, std::int64_t at_s) {
    if (id.empty()) return;
    if (const auto* left = departure_of(id); left != nullptr && at_s <= left->at_s) return;
    forget_departure(id);
    if (std::find(visible_.begin(), visible_.end(), id) == visible_.end()) visible_.push_back(id);
}

void public_ids::went_away(const std::string& id, std::int64_t at_s) {
    if (id.empty()) return;
    std::erase(visible_, id);
    if (auto* left = departure_of(id))
        left->at_s = std::max(left->at_s, at_s);
    else
        gone_.push_back({id, at_s});
}

void public_ids::are(const std::vector<std::string>& ids) {
    visible_ = ids;
    for (const std::string& id : ids)
        forget_departure(id);
}

std::string public_ids::to_json() const {
    boost::json::array list;
    for (const std::string& id : visible_)
        list.emplace_back(id);
    for (const auto& [id, at_s] : gone_)
        list.emplace_back(boost::json::object{{"gone", id}, {"at", at_s}});
    return boost::json::serialize(list);
}

public_ids::departure* public_ids::departure_of(std::string_view id) {
    const auto found =
        std::find_if(gone_.begin(), gone_.end(), [id](const departure& one) { return one.id == id; });
    return found == gone_.end() ? nullptr : &*found;
}

void public_ids::forget_departure(const std::string& id) {
    std::erase_if(gone_, [&id](const departure& one) { return one.id == id; });
}

} // namespace gateway::posts
