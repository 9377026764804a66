#include "base/json/patch.hpp"

#include "base/append.hpp"
#include "base/json/scan.hpp"
#include "base/json/walk.hpp"

#include <algorithm>
#include <array>

namespace gateway {
namespace {

/// Copies in runs: a run is written only where something changes.
class patch_sink : public json::null_sink {
public:
    patch_sink(std::string& out, std::string_view text, const json_patch_rules& rules)
        : out_(out), text_(text), rules_(rules) {}

    void on_key(std::size_t begin, std::string_view raw, std::size_t depth) {
        if (dropping()) return;
        action_ = action_for(raw);
        if (action_ == action::drop) {
            dropped_from_ = kept_[depth] ? comma_at_ : begin;
            drop_depth_ = depth;
            return;
        }
        kept_[depth] = true;
    }

    void on_comma(std::size_t at, bool in_object) {
        if (!in_object || dropping()) return;
        comma_at_ = at;
        if (swallow_comma_) copied_ = at + 1;
        swallow_comma_ = false;
    }

    void on_open(std::size_t, char bracket, std::size_t depth_outside) {
        if (dropping()) return;
        kept_[depth_outside + 1] = false;
        in_list_[depth_outside + 1] = action_ == action::list && bracket == '[';
        action_ = action::keep;
    }

    void on_close(std::size_t end, std::size_t depth_outside) {
        swallow_comma_ = swallow_comma_ && dropping(); // the dropped member was the only one so far
        value_ended(end, depth_outside);
    }

    void on_scalar(std::size_t begin, std::size_t end, std::size_t depth) {
        if (!dropping()) change(begin, end, depth);
        value_ended(end, depth);
        action_ = dropping() ? action_ : action::keep;
    }

    void finish() { copy_until(text_.size()); }

private:
    enum class action : unsigned char { keep, string, list, drop };

    bool dropping() const { return drop_depth_ != 0; }

    action action_for(std::string_view raw) const {
        if (raw.find('\\') != std::string_view::npos) return action_for_name(json_unescape(raw));
        return action_for_name(raw); // the usual case
    }

    action action_for_name(std::string_view key) const {
        const auto is_in = [key](std::span<const std::string_view> keys) {
            for (const std::string_view one :
                 keys) // only a few, so std::find, which compares four at a time, is not faster
                if (one == key) return true;
            return false;
        };
        if (is_in(rules_.drop)) return action::drop;
        if (is_in(rules_.stringify)) return action::string;
        return is_in(rules_.stringify_list) ? action::list : action::keep;
    }

    void change(std::size_t begin, std::size_t end, std::size_t depth) {
        const std::string_view value = text_.substr(begin, end - begin);
        const bool element = in_list_[depth];
        if (action_ == action::list) {
            copy_until(begin);
            out_.push_back('[');
            if (json::is_integer(value))
                append_all(out_, "\"", value, "\"");
            else if (value != "null")
                out_.append(value);
            out_.push_back(']');
            copied_ = end;
        } else if ((action_ == action::string || element) && json::is_integer(value)) {
            copy_until(begin);
            append_all(out_, "\"", value, "\"");
            copied_ = end;
        }
    }

    void value_ended(std::size_t end, std::size_t depth) {
        if (drop_depth_ == 0 || drop_depth_ != depth) return;
        copy_until(dropped_from_);
        copied_ = end;
        swallow_comma_ = !kept_[depth]; // else the comma before it was dropped with it
        drop_depth_ = 0;
        action_ = action::keep;
    }

    void copy_until(std::size_t end) {
        if (end > copied_) out_.append(text_.substr(copied_, end - copied_));
        copied_ = std::max(copied_, end);
    }

    std::string& out_;
    std::string_view text_;
    const json_patch_rules& rules_;
    std::size_t copied_ = 0;
    action action_ = action::keep;
    std::array<bool, max_json_depth + 2> kept_{};    // by depth: the object has a member that is kept
    std::array<bool, max_json_depth + 2> in_list_{}; // by depth: the container is a list of ids
    std::size_t comma_at_ = 0;
    bool swallow_comma_ = false;
    std::size_t drop_depth_ = 0;
    std::size_t dropped_from_ = 0;
};

} // namespace

void append_patched(std::string& out, std::string_view validated, const json_patch_rules& rules) {
    patch_sink sink{out, validated, rules};
    json::walk<patch_sink> walk{validated, max_json_depth, sink};
    walk.run();
    sink.finish();
}

} // namespace gateway
