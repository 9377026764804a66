#include "harness/secret_search.hpp"

#include "base/digest.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace harness {

namespace {

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::string url_encoded(const std::string& text, bool in_capitals) {
    std::string out;
    for (const char letter : text) {
        const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0;
        if (plain || letter == '-' || letter == '.' || letter == '_' || letter == '~')
            out += letter;
        else
            out += "%"
                   + (in_capitals ? upper(gateway::to_hex(std::string(1, letter)))
                                  : gateway::to_hex(std::string(1, letter)));
    }
    return out;
}

/// The part of its base64 that does not depend on the text before and after it.
std::string base64_core(const std::string& text, std::size_t shift) {
    const std::string encoded = gateway::to_base64(std::string(shift, '\0') + text);
    const std::size_t from = shift == 0 ? 0 : 4;
    return encoded.substr(from, encoded.size() - from - 4);
}

struct form {
    std::string name, bytes;
};

std::vector<form> forms_of(const std::string& secret) {
    std::vector<form> forms{{"plain", secret},
                            {"hex", gateway::to_hex(secret)},
                            {"hex", upper(gateway::to_hex(secret))},
                            {"URL-encoded", url_encoded(secret, false)},
                            {"URL-encoded", url_encoded(secret, true)}};
    for (std::size_t shift = 0; shift < 3; ++shift) {
        std::string core = base64_core(secret, shift);
        forms.push_back({"base64", core});
        std::replace(core.begin(), core.end(), '+', '-');
        std::replace(core.begin(), core.end(), '/', '_');
        forms.push_back({"base64url", core});
    }
    if (secret.size() >= 16) forms.push_back({"first 8 bytes", secret.substr(0, 8)});
    return forms;
}

} // namespace

std::vector<std::string> find_secrets(std::string_view text, const std::set<std::string>& secrets) {
    // By their first byte, so that a long text is searched once and not once for each form.
    std::array<std::vector<form>, 256> wanted;
    for (const auto& secret : secrets) {
        if (secret.size() < 8) continue;
        for (const auto& [name, bytes] : forms_of(secret))
            if (!bytes.empty())
                wanted[static_cast<unsigned char>(bytes[0])].push_back(
                    {"…" + secret.substr(secret.size() - 4) + " (" + name + ")", bytes});
    }
    std::set<std::string> found;
    for (std::size_t at = 0; at < text.size(); ++at)
        for (const auto& [told, bytes] : wanted[static_cast<unsigned char>(text[at])])
            if (text.substr(at).starts_with(bytes)) found.insert(told);
    return {found.begin(), found.end()};
}

} // namespace harness
