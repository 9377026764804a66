// What a request's path names, by the names that its row gives: `{user_id}` is "user_id". The router fills
// it, anybody reads it. One per connection, reused from request to request, so that the texts keep their
// memory.
#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace gateway::api {

class path_parameters {
public:
    static constexpr std::size_t count_max = 4;

    void clear() { count_ = 0; }
    /// The value of the next one, to be filled; at most count_max. `name` outlives this.
    std::string& add(std::string_view name) {
        auto& next = all_[count_++];
        next.name = name;
        return next.value;
    }
    /// The value, decoded. Empty where the path has none of that name: a value never is.
    std::string_view at(std::string_view name) const {
        for (std::size_t i = 0; i < count_; ++i)
            if (all_[i].name == name) return all_[i].value;
        return {};
    }
    /// All values but that of `name`, in the order of the path, with a NUL between them.
    std::string all_but(std::string_view name) const {
        std::string out;
        for (std::size_t i = 0; i < count_; ++i) {
            if (all_[i].name == name) continue;
            if (!out.empty()) out += '\0';
            out += all_[i].value;
        }
        return out;
    }

private:
    struct parameter {
        std::string_view name;
        std::string value;
    };
    std::array<parameter, count_max> all_;
    std::size_t count_ = 0;
};

} // namespace gateway::api
