#include "unit/runtime/certificates.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

namespace gateway::testing {
namespace {

template <class T, void (*Free)(T*)>
struct freeing {
    void operator()(T* p) const { Free(p); }
};
using key_pointer = std::unique_ptr<EVP_PKEY, freeing<EVP_PKEY, EVP_PKEY_free>>;
using certificate_pointer = std::unique_ptr<X509, freeing<X509, X509_free>>;

template <class Write>
std::string pem_of(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
    if (write(memory.get()) != 1) throw std::runtime_error("cannot write PEM");
    const char* bytes = nullptr;
    std::size_t size = 0;
    BUF_MEM* raw = nullptr;
    BIO_get_mem_ptr(memory.get(), &raw);
    bytes = raw->data;
    size = raw->length;
    return {bytes, size};
}

key_pointer new_key() {
    return key_pointer(EVP_EC_gen("P-256"));
}

void add(X509* to, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
        X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()), &X509_EXTENSION_free);
    if (!extension || X509_add_ext(to, extension.get(), -1) != 1)
        throw std::runtime_error("cannot add " + value);
}

void set_name(X509_NAME* name, const std::string& text) {
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(text.c_str()),
                               -1, -1, 0);
}

certificate_pointer blank(const std::string& name, EVP_PKEY* key, long from_s, long until_s) {
    static std::atomic<long> serial{1};
    certificate_pointer made(X509_new());
    X509_set_version(made.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), from_s);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), until_s);
    X509_set_pubkey(made.get(), key);
    set_name(X509_get_subject_name(made.get()), name);
    return made;
}

bool is_address(const std::string& name) {
    return name.find_first_not_of("0123456789.") == std::string::npos;
}

} // namespace

struct certificate_authority::state {
    key_pointer key = new_key();
    certificate_pointer certificate;
};

certificate_authority::certificate_authority() : state_(std::make_unique<state>()) {
    state_->certificate = blank("Test authority", state_->key.get(), -86'400, 86'400L * 30);
    X509* const own = state_->certificate.get();
    X509_set_issuer_name(own, X509_get_subject_name(own));
    add(own, own, NID_basic_constraints, "critical,CA:TRUE");
    add(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
    add(own, own, NID_subject_key_identifier, "hash");
    X509_sign(own, state_->key.get(), EVP_sha256());
    pem_ = pem_of([&](BIO* to) { return PEM_write_bio_X509(to, own); });
}

certificate_authority::~certificate_authority() = default;

identity certificate_authority::issue(const std::string& name, int days) const {
    certificate_options options;
    options.ends_in_s = days < 0 ? -3'600 : 86'400L * days;
    return issue(name, options);
}

identity certificate_authority::issue(const std::string& name, const certificate_options& options) const {
    const key_pointer key = new_key();
    const auto made = blank(name, key.get(), options.begins_in_s, options.ends_in_s);
    X509* const issuer = state_->certificate.get();
    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer));
    add(made.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
    if (options.names_in_san)
        add(made.get(), issuer, NID_subject_alt_name, (is_address(name) ? "IP:" : "DNS:") + name);
    X509_sign(made.get(), state_->key.get(), EVP_sha256());
    identity out;
    out.certificate_pem = pem_of([&](BIO* to) { return PEM_write_bio_X509(to, made.get()); });
    out.key_pem = pem_of([&](BIO* to) {
        std::string phrase = options.pass_phrase;
        return PEM_write_bio_PrivateKey(to, key.get(), phrase.empty() ? nullptr : EVP_aes_256_cbc(), nullptr,
                                        0, nullptr, phrase.empty() ? nullptr : phrase.data());
    });
    return out;
}

std::string certificate_authority::revoke(const identity& whose) const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> memory(
        BIO_new_mem_buf(whose.certificate_pem.data(), static_cast<int>(whose.certificate_pem.size())),
        &BIO_free);
    const certificate_pointer certificate(PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr));
    const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), &X509_CRL_free);
    X509_CRL_set_version(list.get(), 1);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(state_->certificate.get()));
    const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> when(ASN1_TIME_new(), &ASN1_TIME_free);
    X509_gmtime_adj(when.get(), -3'600);
    X509_CRL_set1_lastUpdate(list.get(), when.get());
    X509_REVOKED* const entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate.get()));
    X509_REVOKED_set_revocationDate(entry, when.get());
    X509_CRL_add0_revoked(list.get(), entry);
    X509_gmtime_adj(when.get(), 86'400);
    X509_CRL_set1_nextUpdate(list.get(), when.get());
    X509_CRL_sort(list.get());
    X509_CRL_sign(list.get(), state_->key.get(), EVP_sha256());
    return pem_of([&](BIO* to) { return PEM_write_bio_X509_CRL(to, list.get()); });
}

} // namespace gateway::testing
