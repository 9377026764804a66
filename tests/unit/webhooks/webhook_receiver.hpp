// A receiver of webhooks for one test: an HTTPS server on loopback that keeps what it is sent, checks each
// signature, and answers as the test says.
#pragma once
#include "base/digest.hpp"
#include "settings/signing_secrets.hpp"
#include "unit/outbound/loopback_server.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::testing {

struct received_webhook {
    std::string target, id, body;
    bool is_signed = false; // by the receiver's secret
    std::string type() const { return std::string(boost::json::parse(body).at("type").as_string()); }
    std::string in_data(std::string_view name) const {
        const auto value = boost::json::parse(body).at("data").at(name);
        return value.is_string() ? std::string(value.get_string()) : std::string();
    }
};

class webhook_receiver {
public:
    static constexpr std::string_view key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    /// Gives the status line and fields of the answer (without the length); may wait.
    using judge = std::function<std::string(const received_webhook& one)>;

    explicit webhook_receiver(const identity& who, judge answers = {})
        : answers_(std::move(answers)), server_(who, [this](peer& p) { serve(p); }) {}

    std::uint16_t port() const { return server_.port(); }
    std::string url(const std::string& host = "localhost") const {
        return "https://" + host + ":" + std::to_string(port()) + "/hooks?for=me";
    }
    /// All that it was sent so far, also what it did not take.
    std::vector<received_webhook> all() {
        const std::lock_guard lock(mutex_);
        return received_;
    }
    std::vector<received_webhook> of_type(const std::string& type) {
        auto out = all();
        std::erase_if(out, [&type](const received_webhook& one) { return one.type() != type; });
        return out;
    }
    std::size_t count() {
        const std::lock_guard lock(mutex_);
        return received_.size();
    }
    /// Waits until it was sent so many; `false`: not in time.
    bool wait_for(std::size_t number, milliseconds most = milliseconds{30'000}) {
        std::unique_lock lock(mutex_);
        return more_.wait_for(lock, most, [&] { return received_.size() >= number; });
    }
    void answer_with(judge answers) {
        const std::lock_guard lock(mutex_);
        answers_ = std::move(answers);
    }
    static std::string status(int code, const std::string& fields = {}) {
        return "HTTP/1.1 " + std::to_string(code) + " As-Asked\r\n" + fields;
    }

private:
    static std::string field(const std::string& head, const std::string& name) {
        const auto at = head.find("\r\n" + name + ": ");
        if (at == std::string::npos) return {};
        const auto begin = at + name.size() + 4;
        return head.substr(begin, head.find("\r\n", begin) - begin);
    }
    static bool is_signed(const std::string& head, const std::string& body) {
        const auto secret = settings::read_signing_secret(key).value();
        const auto text = field(head, "webhook-id") + "." + field(head, "webhook-timestamp") + "." + body;
        return field(head, "webhook-signature")
               == "v1," + to_base64(as_text(hmac_sha256(secret.reveal(), text)));
    }
    void serve(peer& p) {
        while (true) {
            const auto head = p.read_head();
            std::size_t length = 0;
            const auto text = field(head, "Content-Length");
            std::from_chars(text.data(), text.data() + text.size(), length);
            std::string body;
            while (body.size() < length)
                body += p.read_some();
            const auto begin = head.find(' ') + 1;
            const received_webhook one{head.substr(begin, head.find(' ', begin) - begin),
                                       field(head, "webhook-id"), body, is_signed(head, body)};
            judge answers;
            {
                const std::lock_guard lock(mutex_);
                received_.push_back(one);
                answers = answers_;
            }
            more_.notify_all();
            p.write((answers ? answers(one) : status(200)) + "Content-Length: 0\r\n\r\n");
        }
    }

    std::mutex mutex_;
    std::condition_variable more_;
    judge answers_;
    std::vector<received_webhook> received_;
    loopback_server server_; // last: its threads use the others
};

} // namespace gateway::testing
