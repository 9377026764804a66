#include "base/ids.hpp"

#include "base/digest.hpp"
#include "base/refused_inputs.hpp"

#include <algorithm>
#include <array>

namespace gateway {
namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Letters, digits and some other characters.
class alphabet {
public:
    consteval explicit alphabet(std::string_view also) {
        for (char c = 0; c < 127; ++c)
            has_[static_cast<unsigned char>(c)] = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
                                                  || (c >= '0' && c <= '9')
                                                  || also.find(c) != std::string_view::npos;
    }
    bool has_all_of(std::string_view text) const {
        bool all = true;
        for (const char c : text)
            all &= has_[static_cast<unsigned char>(c)];
        return all;
    }

private:
    std::array<bool, 256> has_{};
};

constexpr alphabet of_users{"._~:@+|=-"};
constexpr alphabet of_posts{"._~-"};

failure refuse_user_id() {
    std::vector<field_fault> faults{
        {"user_id", "must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ + | = -"}};
    return refused_inputs(std::move(faults));
}

} // namespace

result<void> check_user_id(std::string_view text, user_id& into) {
    if (text.empty() || text.size() > 128 || !of_users.has_all_of(text) || text == "." || text == "..")
        return refuse_user_id();
    into.assign_trusted(text);
    return {};
}

result<void> check_publish_id(std::string_view text, publish_id& into) {
    if (text.empty() || text.size() > 64 || !of_posts.has_all_of(text))
        return failure{errc::no_such_post, "This user has no post of that publish_id."};
    into.assign_trusted(text);
    return {};
}

result<publish_id> check_publish_id(std::string_view text) {
    publish_id made;
    if (const auto good = check_publish_id(text, made); !good) return good.error();
    return made;
}

result<file_id> check_file_id(std::string_view text) {
    constexpr std::string_view prefix = "file_";
    const bool good = text.starts_with(prefix) && is_ulid(text.substr(prefix.size()));
    if (!good) return failure{errc::no_such_file, "There is no such file, or it has expired."};
    return file_id::trusted(std::string(text));
}

namespace {

constexpr std::size_t time_places = 10;
constexpr std::size_t random_places =
    16; // characters of 5 bits; the upper 3 bits of each byte are left unused
constexpr std::size_t ulids_per_asking = 256;

using ulid_text = std::array<char, time_places + random_places>;

/// Of `random_places` bytes.
ulid_text make_ulid(wall_time now, const char* random) {
    ulid_text text;
    auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, unix_ms(now)));
    for (std::size_t i = time_places; i-- > 0; ms >>= 5)
        text[i] = crockford[ms & 31];
    for (std::size_t i = 0; i < random_places; ++i)
        text[time_places + i] = crockford[static_cast<unsigned char>(random[i]) & 31];
    return text;
}

} // namespace

std::string new_ulid(wall_time now) {
    const auto text = make_ulid(now, random_bytes(random_places).data());
    return {text.data(), text.size()};
}

bool is_ulid(std::string_view text) {
    return text.size() == time_places + random_places
           && text.find_first_not_of(crockford) == std::string_view::npos;
}

std::string first_ulid(wall_time at) {
    constexpr std::array<char, random_places> zeros{};
    const auto text = make_ulid(at, zeros.data());
    return {text.data(), text.size()};
}

void ulid_source::next(std::string& into, wall_time now) {
    if (used_ == random_.size()) {
        random_ = random_bytes(ulids_per_asking * random_places);
        used_ = 0;
    }
    const auto text = make_ulid(now, random_.data() + used_);
    used_ += random_places;
    into.assign(text.data(), text.size());
}

} // namespace gateway
