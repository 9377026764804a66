// TikTok's history of a chaos campaign, by what the audit asks for. Read once, at one moment.
#pragma once
#include "fault/keyed_calls.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fault {

class tiktok_truth {
public:
    explicit tiktok_truth(boost::json::object history);

    struct post {
        std::string publish_id, account, state;
        bool whole = false; // all its bytes have come, or it needs none
    };
    /// The whole posts that came of a write.
    int posts_of(const keyed_call& what) const;
    /// Null: TikTok has none.
    const post* find(const std::string& publish_id) const;
    std::vector<const post*> posts_of_account(const std::string& account) const;

    /// The last refresh in which TikTok gave the account a new pair.
    struct rotation {
        std::int64_t came_ms = 0, answered_ms = 0; // 0: the answer was not sent
        bool unread = false;                       // and its receiver ended before it had read it
    };
    std::optional<rotation> last_rotation(const std::string& account) const;
    bool refused_a_refresh(const std::string& account) const;

    std::size_t calls() const { return calls_; }
    std::size_t refreshes() const { return refreshes_; }
    /// By path, as the simulator tells them.
    const boost::json::object& windows() const { return windows_; }

private:
    void read_post(const boost::json::object& from);
    void read_request(const boost::json::object& from);

    std::map<std::string, post> posts_; // by publish_id
    std::map<std::string, int> whole_by_caption_;
    std::map<std::int64_t, int> whole_by_size_;
    std::map<std::string, rotation> rotations_; // by account
    std::map<std::string, bool> refused_;
    boost::json::object windows_;
    std::size_t calls_ = 0, refreshes_ = 0;
};

/// A member of an object, or an empty text, or 0.
std::string text_in(const boost::json::object& from, std::string_view name);
std::int64_t number_in(const boost::json::object& from, std::string_view name);

} // namespace fault
