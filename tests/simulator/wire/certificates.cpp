#include "wire/certificates.hpp"

#include "base/digest.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace gateway::simulator {

namespace {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* thing) const {
        Free(thing);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;

template <class T>
T must(T openssl_answer) {
    if (!openssl_answer) throw std::runtime_error("OpenSSL cannot make the simulator's certificates");
    return openssl_answer;
}

key_ptr make_key() {
    // Not the macro EVP_EC_gen, which contains an old-style cast.
    return key_ptr(must(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")));
}

void add_extension(X509* to, X509* issuer, int which, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    const extension_ptr extension(must(X509V3_EXT_conf_nid(nullptr, &context, which, value.c_str())));
    must(X509_add_ext(to, extension.get(), -1));
}

certificate_ptr begin_certificate(EVP_PKEY* key, const std::string& common_name, std::int64_t valid_days) {
    certificate_ptr made(must(X509_new()));
    must(X509_set_version(made.get(), X509_VERSION_3));
    const std::string serial = random_bytes(15);
    std::unique_ptr<BIGNUM, freed_by<BN_free>> number(must(BN_bin2bn(
        reinterpret_cast<const unsigned char*>(serial.data()), static_cast<int>(serial.size()), nullptr)));
    must(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made.get())));
    constexpr long day_s = 86'400;
    const long end_s = static_cast<long>(valid_days) * day_s;
    // An expired certificate must have begun before its end.
    must(X509_gmtime_adj(X509_getm_notBefore(made.get()), std::min(-day_s, end_s - day_s)));
    must(X509_gmtime_adj(X509_getm_notAfter(made.get()), end_s));
    must(X509_set_pubkey(made.get(), key));
    X509_NAME* name = X509_get_subject_name(made.get());
    must(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0));
    return made;
}

struct authority {
    key_ptr key;
    certificate_ptr certificate;
};

authority make_authority() {
    authority made;
    made.key = make_key();
    made.certificate =
        begin_certificate(made.key.get(), "tiktok-simulator authority " + to_hex(random_bytes(4)), 30);
    X509* self = made.certificate.get();
    must(X509_set_issuer_name(self, X509_get_subject_name(self)));
    add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(self, self, NID_subject_key_identifier, "hash");
    must(X509_sign(self, made.key.get(), EVP_sha256()));
    return made;
}

std::string names_extension(const certificate_settings& wanted) {
    string_list names = wanted.names;
    if (!wanted.only_these_names) {
        names.insert(names.end(), {"open.tiktokapis.test", "open-upload.tiktokapis.test", "www.tiktok.test",
                                   "localhost", "127.0.0.1"});
    }
    std::string text;
    for (const std::string& name : names) {
        const bool address = name.find_first_not_of("0123456789.") == std::string::npos;
        text += (text.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
    }
    return text;
}

std::string pem_of(X509* certificate) {
    const bio_ptr out(must(BIO_new(BIO_s_mem())));
    must(PEM_write_bio_X509(out.get(), certificate));
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string pem_of(EVP_PKEY* key) {
    const bio_ptr out(must(BIO_new(BIO_s_mem())));
    must(PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr));
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

} // namespace

certificates make_certificates(const certificate_settings& wanted) {
    const authority signer = make_authority();
    const key_ptr key = make_key();
    const certificate_ptr server = begin_certificate(key.get(), "tiktok-simulator", wanted.valid_days);
    X509* issuer = signer.certificate.get();
    must(X509_set_issuer_name(server.get(), X509_get_subject_name(issuer)));
    add_extension(server.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(server.get(), issuer, NID_key_usage, "critical,digitalSignature");
    add_extension(server.get(), issuer, NID_ext_key_usage, "serverAuth");
    add_extension(server.get(), issuer, NID_subject_alt_name, names_extension(wanted));
    must(X509_sign(server.get(), signer.key.get(), EVP_sha256()));

    certificates made;
    made.real_authority = pem_of(issuer);
    made.authority =
        wanted.unknown_authority ? pem_of(make_authority().certificate.get()) : made.real_authority;
    made.certificate = pem_of(server.get());
    made.private_key = pem_of(key.get());
    return made;
}

std::string write_certificates(const certificates& made, const certificate_settings& wanted,
                               const std::string& directory) {
    const std::filesystem::path folder = std::filesystem::absolute(directory);
    std::filesystem::create_directories(folder);
    write_file(folder / "ca.pem", made.authority);
    if (wanted.write_server_key) {
        write_file(folder / "server.pem", made.certificate);
        write_file(folder / "server.key", made.private_key);
        std::filesystem::permissions(
            folder / "server.key", std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    }
    return (folder / "ca.pem").string();
}

} // namespace gateway::simulator
