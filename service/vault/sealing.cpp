#include "vault/sealing.hpp"

#include "base/digest.hpp"
#include "base/sized_text.hpp"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

namespace gateway::vault {
namespace {

constexpr char format_1 = '\x01'; // the name has no app
constexpr char format_2 = '\x02';
constexpr std::size_t nonce_size = 12;
constexpr std::size_t tag_size = 16;

using cipher_context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

/// The additional authenticated data. It contains lengths, so that two names never give the same bytes.
std::string authenticated_name(const record_name& name, std::string_view key_id) {
    std::string out;
    for (const auto part : {name.purpose, name.owner, key_id})
        append_sized(out, part);
    out += std::to_string(name.version);
    if (!name.app.empty()) append_sized(out += ';', name.app);
    return out;
}

void must(int done) {
    if (done != 1) throw std::runtime_error("OpenSSL has no AES-256-GCM");
}

char format_of(const record_name& name) {
    return name.app.empty() ? format_1 : format_2;
}

/// The blob's parts, as views into it.
struct blob_parts {
    char format = 0;
    std::string_view key_id, nonce, ciphertext, tag;
};

bool take_apart(std::string_view blob, blob_parts& out) {
    if (blob.size() < 2 || (blob[0] != format_1 && blob[0] != format_2)) return false;
    out.format = blob[0];
    const std::size_t id_size = static_cast<unsigned char>(blob[1]);
    if (blob.size() < 2 + id_size + nonce_size + tag_size) return false;
    out.key_id = blob.substr(2, id_size);
    out.nonce = blob.substr(2 + id_size, nonce_size);
    out.ciphertext = blob.substr(2 + id_size + nonce_size);
    out.tag = out.ciphertext.substr(out.ciphertext.size() - tag_size);
    out.ciphertext.remove_suffix(tag_size);
    return true;
}

/// Fetched once: EVP_aes_256_gcm() would look up its implementation for every pair, which costs half as much
/// as opening it. Read-only afterwards, so any thread may use it.
const EVP_CIPHER* algorithm() {
    static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    return fetched ? fetched : EVP_aes_256_gcm();
}

enum class direction { open, seal }; // OpenSSL's numbers

/// Everything but the tag: gives the context that makes or checks it.
cipher_context run_cipher(direction to, const vault_key& key, const record_name& name, std::string_view nonce,
                          std::string_view in, std::string& out) {
    const auto aad = authenticated_name(name, key.id);
    cipher_context context{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
    int size = 0;
    must(context != nullptr);
    must(EVP_CipherInit_ex(context.get(), algorithm(), nullptr, bytes_of(key.bytes.reveal()), bytes_of(nonce),
                           static_cast<int>(to)));
    must(EVP_CipherUpdate(context.get(), nullptr, &size, bytes_of(aad), static_cast<int>(aad.size())));
    out.resize(in.size());
    must(EVP_CipherUpdate(context.get(), bytes_of(out), &size, bytes_of(in), static_cast<int>(in.size())));
    return context;
}

} // namespace

std::string key_mark(std::string_view key_id) {
    std::string out(1, static_cast<char>(key_id.size()));
    return out += key_id;
}

std::string seal(const key_ring& keys, const record_name& name, std::string_view plain) {
    const auto& key = keys.newest();
    const auto nonce = random_bytes(nonce_size);
    std::string ciphertext, tag(tag_size, '\0');
    const auto context = run_cipher(direction::seal, key, name, nonce, plain, ciphertext);
    int size = 0;
    must(EVP_CipherFinal_ex(context.get(), bytes_of(tag), &size)); // GCM: writes nothing
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(tag_size), tag.data()));
    return format_of(name) + key_mark(key.id) + nonce + ciphertext + tag;
}

opened open(const key_ring& keys, const record_name& name, std::string_view blob) {
    blob_parts parts;
    if (!take_apart(blob, parts)) return open_error::malformed;
    const auto* key = keys.find(parts.key_id);
    if (key == nullptr) return open_error::unknown_key;
    if (parts.format != format_of(name)) return open_error::refused;
    std::string plain;
    const auto context = run_cipher(direction::open, *key, name, parts.nonce, parts.ciphertext, plain);
    secret out{std::move(plain)}; // a secret, so that it is wiped if the tag is wrong
    std::string tag(parts.tag);   // a copy, because OpenSSL's control call takes a non-const pointer
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(tag_size), tag.data()));
    int size = 0;
    unsigned char rest[tag_size];
    if (EVP_CipherFinal_ex(context.get(), rest, &size) != 1) return open_error::refused;
    return out;
}

std::string_view key_id_of(std::string_view blob) {
    blob_parts parts;
    return take_apart(blob, parts) ? parts.key_id : std::string_view{};
}

void throw_exception_from_error(open_error, const boost::source_location&) {
    throw std::logic_error("value of a blob that did not open");
}

} // namespace gateway::vault
