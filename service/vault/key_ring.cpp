#include "vault/key_ring.hpp"

#include "base/digest.hpp"
#include "base/named_files.hpp"
#include "base/private_places.hpp"
#include "base/secret_text.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <iterator>
#include <sys/stat.h>

namespace gateway::vault {
namespace {

constexpr std::string_view id_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

failure refused(std::string message) {
    return failure{errc::internal, std::move(message)};
}

failure refused_line(std::size_t number, std::string_view why) {
    return refused("The key ring's line " + std::to_string(number) + " " + std::string(why) + ".");
}

/// A file made by joining others may contain a byte order mark in any line.
std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    while (true) {
        const auto first = text.find_first_not_of(blanks);
        if (first == std::string_view::npos) return {};
        text = text.substr(first, text.find_last_not_of(blanks) - first + 1);
        if (!text.starts_with(byte_order_mark)) return text;
        text.remove_prefix(byte_order_mark.size());
    }
}

result<vault_key> read_line(std::string_view line, std::size_t number) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
        return refused_line(number, "is not ID:BASE64, as `tiktok-gateway new-vault-key` prints it");
    const auto id = line.substr(0, colon);
    if (id.empty() || id.size() > key_id_size_max
        || id.find_first_not_of(id_characters) != std::string_view::npos)
        return refused_line(number, "has an id that is not 1 to 32 characters of A-Z a-z 0-9 . _ -");
    auto bytes = from_base64(line.substr(colon + 1));
    if (!bytes) return refused_line(number, "has a key that is not base64");
    secret key{std::move(*bytes)};
    if (key.size() != key_size_bytes) return refused_line(number, "has a key that is not 32 bytes long");
    // A placeholder that was never replaced: encrypting with it would protect nothing.
    if (key.reveal().find_first_not_of('\0') == std::string_view::npos)
        return refused_line(number, "has a key of zeros only; new-vault-key makes a real one");
    return vault_key{std::string(id), std::move(key)};
}

bool holds(const std::vector<vault_key>& keys, const secret& bytes) {
    return std::any_of(keys.begin(), keys.end(),
                       [&bytes](const vault_key& key) { return key.bytes.equals(bytes.reveal()); });
}

} // namespace

result<key_ring> key_ring::parse(std::string_view text) {
    key_ring ring;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const auto line = trimmed(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        if (line.empty() || line.front() == '#') continue;
        auto key = read_line(line, number);
        if (!key) return key.error();
        if (ring.find(key->id) != nullptr) return refused_line(number, "repeats an id");
        if (holds(ring.keys_, key->bytes))
            return refused_line(number, "repeats the key of another id: a new id alone replaces no key");
        ring.keys_.push_back(std::move(*key));
    }
    if (ring.keys_.empty()) return refused("The key ring holds no key; new-vault-key makes a line for it.");
    return ring;
}

result<key_ring> key_ring::read(const std::string& path) {
    auto file = read_named_file(path, secret_file_bytes_max);
    if (!file.wrong.empty()) return refused(path + " " + file.wrong);
    auto exposed = S_ISREG(file.facts.st_mode) ? describe_exposed_file(file.facts) : "is not a file";
    if (!exposed.empty()) {
        OPENSSL_cleanse(file.text.data(), file.text.size());
        return refused("The key ring " + path + " " + exposed + ".");
    }
    auto ring = parse(file.text);
    OPENSSL_cleanse(file.text.data(), file.text.size());
    return ring;
}

const vault_key* key_ring::find(std::string_view id) const {
    const auto found =
        std::find_if(keys_.begin(), keys_.end(), [id](const vault_key& key) { return key.id == id; });
    return found == keys_.end() ? nullptr : &*found;
}

void key_ring::keep_for_opening(const key_ring& before) {
    std::vector<vault_key> older;
    for (const auto& key : before.keys_)
        if (find(key.id) == nullptr) older.push_back({key.id, key.bytes.copy()});
    keys_.insert(keys_.begin(), std::make_move_iterator(older.begin()), std::make_move_iterator(older.end()));
}

std::string new_vault_key_line(wall_time now) {
    std::string day = rfc3339(now).substr(0, 10);
    std::erase(day, '-');
    return "k" + day + "-" + to_hex(random_bytes(2)) + ":" + to_base64(random_bytes(key_size_bytes));
}

} // namespace gateway::vault
