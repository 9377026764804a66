#include "base/ids.hpp"

#include "base/digest.hpp"

#include <algorithm>

namespace gateway {
namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

bool alphanumeric(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool all_of(std::string_view text, std::string_view also) {
    return std::all_of(text.begin(), text.end(),
                       [also](char c) { return alphanumeric(c) || also.find(c) != std::string_view::npos; });
}

failure refuse(errc code, std::string message, std::string field, std::string reason) {
    std::vector<field_fault> faults{{std::move(field), std::move(reason)}};
    return failure{code, std::move(message)}.fields(std::move(faults));
}

} // namespace

result<user_id> check_user_id(std::string_view text) {
    if (text.empty() || text.size() > 128 || !all_of(text, "._~:@-") || text == "." || text == "..")
        return refuse(errc::invalid_input, "This is not a user_id.", "user_id",
                      "must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ -");
    return user_id::trusted(std::string(text));
}

result<publish_id> check_publish_id(std::string_view text) {
    if (text.empty() || text.size() > 64 || !all_of(text, "._~-"))
        return failure{errc::no_such_post, "This user has no post of that publish_id."};
    return publish_id::trusted(std::string(text));
}

result<file_id> check_file_id(std::string_view text) {
    constexpr std::string_view prefix = "file_";
    const bool good = text.size() == prefix.size() + 26 && text.starts_with(prefix)
                      && text.substr(prefix.size()).find_first_not_of(crockford) == std::string_view::npos;
    if (!good) return failure{errc::no_such_file, "There is no such file, or it has expired."};
    return file_id::trusted(std::string(text));
}

namespace {

constexpr std::size_t time_places = 10;
constexpr std::size_t random_places =
    16; // characters of 5 bits; the upper 3 bits of each byte are left unused
constexpr std::size_t ulids_per_asking = 32;

void write_ulid_floor(std::string& out, wall_time at) {
    out.assign(time_places + random_places, '0');
    auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, unix_ms(at)));
    for (std::size_t i = time_places; i-- > 0; ms >>= 5)
        out[i] = crockford[ms & 31];
}

void write_ulid(std::string& out, wall_time now, std::string_view random) {
    write_ulid_floor(out, now);
    for (std::size_t i = 0; i < random_places; ++i)
        out[time_places + i] = crockford[static_cast<unsigned char>(random[i]) & 31];
}

} // namespace

std::string ulid_floor(wall_time at) {
    std::string out;
    write_ulid_floor(out, at);
    return out;
}

std::string new_ulid(wall_time now) {
    std::string out;
    write_ulid(out, now, random_bytes(random_places));
    return out;
}

void ulid_source::next(std::string& into, wall_time now) {
    if (used_ == random_.size()) {
        random_ = random_bytes(ulids_per_asking * random_places);
        used_ = 0;
    }
    used_ += random_places;
    write_ulid(into, now, std::string_view(random_).substr(used_ - random_places, random_places));
}

} // namespace gateway
