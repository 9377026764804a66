#include "harness/http_client.hpp"

#include "harness/raw_socket.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace harness {

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::string trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ')
        text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return std::string(text);
}

std::string without_chunks(std::string_view body) {
    std::string joined;
    while (!body.empty()) {
        std::size_t size = 0;
        std::from_chars(body.data(), body.data() + body.size(), size, 16);
        const auto line = body.find("\r\n");
        if (size == 0 || line == std::string_view::npos || line + 2 + size > body.size()) break;
        joined += body.substr(line + 2, size);
        body.remove_prefix(std::min(body.size(), line + 2 + size + 2));
    }
    return joined;
}

} // namespace

answer parse_answer(std::string_view raw) {
    answer got;
    got.raw = raw;
    auto head_end = raw.find("\r\n\r\n");
    while (raw.starts_with("HTTP/1.1 100 ") && head_end != std::string_view::npos) {
        raw.remove_prefix(head_end + 4);
        head_end = raw.find("\r\n\r\n");
    }
    if (!raw.starts_with("HTTP/1.") || head_end == std::string_view::npos) return got;
    std::from_chars(raw.data() + 9, raw.data() + 12, got.status);
    std::string_view head = raw.substr(0, head_end);
    got.body = raw.substr(head_end + 4);
    for (auto line_end = head.find("\r\n"); line_end != std::string_view::npos;
         line_end = head.find("\r\n")) {
        head.remove_prefix(line_end + 2);
        const std::string_view line = head.substr(0, head.find("\r\n"));
        const auto colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        auto& value = got.headers[lower(std::string(line.substr(0, colon)))];
        value += (value.empty() ? "" : ", ") + trimmed(line.substr(colon + 1));
    }
    if (got.header("transfer-encoding") == "chunked") got.body = without_chunks(got.body);
    return got;
}

boost::json::value answer::json() const {
    boost::json::error_code wrong;
    auto value = boost::json::parse(body, wrong);
    return wrong ? boost::json::value{} : value;
}

boost::json::value answer::at(std::string_view path) const {
    boost::json::value now = json();
    while (!path.empty()) {
        const auto dot = path.find('.');
        const std::string_view name = path.substr(0, dot);
        path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
        boost::json::value next;
        if (now.is_object()) {
            if (const auto* found = now.as_object().if_contains(name)) next = *found;
        } else if (now.is_array()) {
            std::size_t index = now.as_array().size();
            std::from_chars(name.data(), name.data() + name.size(), index);
            if (index < now.as_array().size()) next = now.as_array()[index];
        }
        now = std::move(next);
    }
    return now;
}

std::string answer::text_at(std::string_view path) const {
    const auto value = at(path);
    return value.is_string() ? std::string(value.as_string()) : std::string{};
}

std::string answer::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string{} : found->second;
}

void http_client::over_tls(std::string ca_file, std::string name) {
    ca_file_ = std::move(ca_file);
    name_ = std::move(name);
}

answer http_client::call(const std::string& method, const std::string& target, const fields& more,
                         std::string_view body) const {
    fields all = more;
    for (const auto& [name, value] : always_)
        if (!all.contains(name)) all.emplace(name, value);
    if (!all.contains("Host")) all.emplace("Host", "127.0.0.1:" + std::to_string(port_));
    if (!all.contains("Connection")) all.emplace("Connection", "close");
    const bool says_length = !body.empty() || method == "POST" || method == "PUT";
    if (says_length && !all.contains("Content-Length") && !all.contains("Transfer-Encoding"))
        all.emplace("Content-Length", std::to_string(body.size()));
    std::string request = method + " " + target + " HTTP/1.1\r\n";
    for (const auto& [name, value] : all)
        request += name + ": " + value + "\r\n";
    request += "\r\n";

    auto socket = ca_file_.empty() ? std::make_unique<raw_socket>(port_)
                                   : std::make_unique<raw_socket>(port_, ca_file_, name_);
    // An answer may come before the whole body is sent: then the rest is not sent, and the answer is read.
    if (socket->send(request, wait_) && !body.empty()) socket->send(body, wait_);
    const std::string raw = socket->receive_all(wait_);
    if (seen_) seen_->add(raw);
    return parse_answer(raw);
}

answer http_client::send_json(const std::string& method, const std::string& target,
                              const boost::json::value& body, fields more) const {
    if (!more.contains("Content-Type")) more.emplace("Content-Type", "application/json");
    return call(method, target, more, boost::json::serialize(body));
}

answer http_client::post(const std::string& target, const boost::json::value& body,
                         const fields& more) const {
    return send_json("POST", target, body, more);
}

answer http_client::put(const std::string& target, const boost::json::value& body, const fields& more) const {
    return send_json("PUT", target, body, more);
}

} // namespace harness
