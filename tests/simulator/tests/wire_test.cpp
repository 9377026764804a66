// The simulator on real sockets: tests that need the network.
#include "base/digest.hpp"
#include "configure/load.hpp"
#include "pictures.hpp"
#include "wire/machine.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <thread>

namespace gateway::simulator {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// The received bytes until the connection ended, and how it ended.
struct reply {
    std::string bytes;
    error_code end;
    int status() const { return bytes.size() > 12 ? std::stoi(bytes.substr(9, 3)) : 0; }
    std::string body() const {
        const std::size_t at = bytes.find("\r\n\r\n");
        return at == std::string::npos ? "" : bytes.substr(at + 4);
    }
};

class Wire : public ::testing::Test {
protected:
    static settings with_folder() {
        settings all = default_settings();
        all.timing.processing_ms = 1;
        return all;
    }
    explicit Wire(settings all = with_folder())
        : tiktok_(std::move(all)),
          where_(boost::json::parse(tiktok_.listening()).as_object()),
          thread_([this] { tiktok_.run(); }) {}
    ~Wire() override {
        tiktok_.stop();
        thread_.join();
    }

    std::uint16_t port(const char* door) const {
        const std::string origin(where_.at(door).as_string());
        return static_cast<std::uint16_t>(std::stoi(origin.substr(origin.rfind(':') + 1)));
    }
    std::string ca_file() const { return std::string(where_.at("ca_file").as_string()); }

    static std::string text(const std::string& method, const std::string& target, const std::string& headers,
                            const std::string& body) {
        return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers
               + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
    }
    reply control(const std::string& method, const std::string& target, const std::string& body = "") {
        tcp::socket socket(io_);
        socket.connect({asio::ip::address_v4::loopback(), port("control")});
        asio::write(socket, asio::buffer(text(method, target, "", body)));
        reply got;
        asio::read(socket, asio::dynamic_buffer(got.bytes), got.end);
        return got;
    }
    reply secure(const char* door, const std::string& request, const std::string& name = "localhost") {
        return talk(door, request, name, false);
    }
    /// Closes its sending side after the request, and still reads.
    reply ending(const char* door, const std::string& request) {
        return talk(door, request, "localhost", true);
    }
    reply talk(const char* door, const std::string& request, const std::string& name, bool ends) {
        asio::ssl::context tls(asio::ssl::context::tls_client);
        tls.load_verify_file(ca_file());
        asio::ssl::stream<tcp::socket> stream(io_, tls);
        stream.set_verify_mode(asio::ssl::verify_peer);
        stream.set_verify_callback(asio::ssl::host_name_verification(name));
        stream.next_layer().connect({asio::ip::address_v4::loopback(), port(door)});
        reply got;
        stream.handshake(asio::ssl::stream_base::client, got.end);
        if (got.end) return got;
        error_code ignored; // the peer may close before it has read everything
        asio::write(stream, asio::buffer(request), ignored);
        if (ends) stream.next_layer().shutdown(tcp::socket::shutdown_send, ignored);
        asio::read(stream, asio::dynamic_buffer(got.bytes), got.end);
        return got;
    }
    std::string token() {
        const auto made = boost::json::parse(control("POST", "/tokens", "{}").body()).as_object();
        return "Authorization: Bearer " + std::string(made.at("access_token").as_string()) + "\r\n";
    }
    std::string user_info() { return text("GET", "/v2/user/info/?fields=open_id", token(), ""); }
    boost::json::object history() {
        return boost::json::parse(control("GET", "/history").body()).as_object();
    }
    boost::json::object wait_for_the_end_of_the_first_post() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        boost::json::object post;
        while (std::chrono::steady_clock::now() < end) {
            post = history().at("posts").as_array().at(0).as_object();
            const auto state = post.at("state").as_string();
            if (state == "FAILED" || state == "PUBLISH_COMPLETE") break;
        }
        return post;
    }
    /// The first event that was delivered; empty when none was in ten seconds.
    boost::json::object wait_for_delivery() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (std::chrono::steady_clock::now() < end) {
            const boost::json::array told = history().at("webhooks").as_array();
            for (const auto& one : told) {
                if (one.as_object().at("delivered").as_bool()) return one.as_object();
            }
        }
        return {};
    }
    /// Sends a request on a connection that stays open, and closes it when the answer has come, unread.
    void close_unread(std::string request) {
        const auto before = history().at("requests").as_array().back().at("number");
        request.erase(request.find("Connection: close\r\n"), 19);
        asio::ssl::context tls(asio::ssl::context::tls_client);
        tls.load_verify_file(ca_file());
        asio::ssl::stream<tcp::socket> stream(io_, tls);
        stream.next_layer().connect({asio::ip::address_v4::loopback(), port("api")});
        stream.handshake(asio::ssl::stream_base::client);
        asio::write(stream, asio::buffer(request));
        EXPECT_TRUE(comes_true([&before](const boost::json::object& last) {
            return last.at("number") != before && last.contains("answered_ms");
        }));
        stream.next_layer().close();
    }
    /// Of the last request in the history, within ten seconds.
    template <class Condition>
    bool comes_true(Condition of_last_request) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
        while (std::chrono::steady_clock::now() < end) {
            const auto requests = history().at("requests").as_array();
            if (!requests.empty() && of_last_request(requests.back().as_object())) return true;
        }
        return false;
    }
    void fault(const std::string& effect, const std::string& match = "{}") {
        const reply added = control("POST", "/faults", R"({"match":)" + match + R"(,"do":)" + effect + "}");
        ASSERT_EQ(added.status(), 200) << added.body();
    }

private:
    machine tiktok_;
    boost::json::object where_;
    std::thread thread_;
    asio::io_context io_;
};

class WireWithBadCertificate : public Wire {
protected:
    static settings expired() {
        settings all = with_folder();
        all.certificate.valid_days = -1;
        return all;
    }
    WireWithBadCertificate() : Wire(expired()) {}
};

} // namespace

TEST_F(Wire, SpeaksTlsUnderItsNames) {
    EXPECT_EQ(secure("api", user_info()).status(), 200);
    EXPECT_EQ(secure("api", user_info(), "open.tiktokapis.test").status(), 200);
    EXPECT_TRUE(secure("api", user_info(), "elsewhere.test").end);
    EXPECT_EQ(secure("api", user_info(), "elsewhere.test").status(), 0);
}

TEST_F(WireWithBadCertificate, IsNotTrusted) {
    EXPECT_EQ(secure("api", user_info()).status(), 0);
}

TEST(Machine, TakesItsFolderAway) {
    std::string ca_file;
    {
        const machine tiktok(default_settings());
        ca_file = boost::json::parse(tiktok.listening()).as_object().at("ca_file").as_string();
        EXPECT_TRUE(std::filesystem::exists(ca_file));
    }
    EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(ca_file).parent_path()));
}

TEST_F(Wire, CutsAnAnswerWithAndWithoutTheAlert) {
    const std::string asked = user_info();
    fault(R"({"truncate_at_byte":30})");
    const reply orderly = secure("api", asked);
    EXPECT_EQ(orderly.bytes.size(), 30U);
    EXPECT_EQ(orderly.end, asio::error::eof);
    fault(R"({"truncate_at_byte":30,"close_without_alert":true})");
    const reply silent = secure("api", asked);
    EXPECT_EQ(silent.bytes.size(), 30U);
    EXPECT_EQ(silent.end, asio::ssl::error::stream_truncated);
}

TEST_F(Wire, TellsWhichAnswerItsClientNeverRead) {
    const std::string asked = user_info();
    EXPECT_EQ(secure("api", asked).status(), 200);
    EXPECT_FALSE(history().at("requests").as_array().at(0).as_object().contains("unread"));
    close_unread(asked);
    EXPECT_TRUE(comes_true([](const boost::json::object& last) { return last.contains("unread"); }));
}

TEST_F(Wire, CountsEveryCallOfAUserByItsArrivalAlsoThoseThatItRefuses) {
    control("POST", "/settings", R"({"limits":{"creator_info_per_minute":2}})");
    const std::string query = text("POST", "/v2/post/publish/creator_info/query/", token(), "");
    fault(R"({"status":503,"apply":false})");
    for (int i = 0; i < 4; ++i)
        secure("api", query);
    const auto told = history().at("windows").as_object();
    const auto& worst = told.at("/v2/post/publish/creator_info/query/").as_object();
    EXPECT_EQ(worst.at("calls").as_int64(), 4);
    EXPECT_EQ(worst.at("limit").as_int64(), 2);
    EXPECT_EQ(worst.at("above").as_int64(), 2);
    EXPECT_EQ(worst.at("account").as_string(), "demo");
}

TEST_F(Wire, ResetsAfterTheEffectOrWithoutIt) {
    const auto made = boost::json::parse(control("POST", "/tokens", "{}").body()).as_object();
    std::string refresh_token(made.at("refresh_token").as_string());
    refresh_token.replace(refresh_token.find('!'), 1, "%21");
    const std::string refresh = text(
        "POST", "/v2/oauth/token/", "Content-Type: application/x-www-form-urlencoded\r\n",
        "client_key=demo-client-key&client_secret=demo-client-secret&grant_type=refresh_token&refresh_token="
            + refresh_token);
    fault(R"({"reset_before_answer":true,"apply":false})", R"({"path":"/v2/oauth/token/"})");
    EXPECT_EQ(secure("api", refresh).status(), 0);
    fault(R"({"reset_before_answer":true})", R"({"path":"/v2/oauth/token/"})");
    EXPECT_EQ(secure("api", refresh).status(), 0);
    EXPECT_EQ(secure("api", refresh).status(), 400) << "the second one rotated";
}

TEST_F(Wire, AnswersWhateverBytesItIsTold) {
    fault(R"({"raw":"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc"})");
    EXPECT_EQ(secure("api", user_info()).body(), "abc");
    fault(R"({"extra_bytes":"HTTP/1.1 200 OK\r\n\r\n"})");
    EXPECT_TRUE(secure("api", user_info()).body().ends_with("HTTP/1.1 200 OK\r\n\r\n"));
    fault(R"({"status":503,"body":"busy","headers":{"Retry-After":"7"},"drip_ms":0})");
    const reply busy = secure("api", user_info());
    EXPECT_EQ(busy.status(), 503);
    EXPECT_EQ(busy.body(), "busy");
    EXPECT_NE(busy.bytes.find("Retry-After: 7\r\n"), std::string::npos);
}

TEST_F(Wire, RefusesConnectionsWhenTold) {
    const std::string asked = user_info();
    fault(R"({"reset_before_answer":true})", R"({"connection":true,"listener":"api"})");
    EXPECT_TRUE(secure("api", asked).end);
    EXPECT_EQ(secure("api", asked).status(), 200);
}

TEST_F(Wire, TakesAnUploadInChunksAlsoAfterOneBroke) {
    const std::string first(5'000'000, 'a'), second(5'000'003, 'b');
    const std::string init =
        text("POST", "/v2/post/publish/inbox/video/init/", token() + "Content-Type: application/json\r\n",
             R"({"source_info":{"source":"FILE_UPLOAD","video_size":10000003,"chunk_size":5000000,)"
             R"("total_chunk_count":2}})");
    const auto data = boost::json::parse(secure("api", init).body()).as_object().at("data").as_object();
    const std::string url(data.at("upload_url").as_string());
    const std::string target = url.substr(url.find("/video/"));
    const auto put = [&](const std::string& range, const std::string& body) {
        return secure("upload", text("PUT", target,
                                     "Content-Type: video/mp4\r\nContent-Range: " + range + "\r\n", body));
    };
    EXPECT_EQ(put("bytes 0-4999999/10000003", first).status(), 206);
    fault(R"({"reset_after_request_bytes":1000000})", R"({"listener":"upload"})");
    EXPECT_EQ(put("bytes 5000000-10000002/10000003", second).status(), 0);
    EXPECT_EQ(put("bytes 5000000-10000002/10000003", second).status(), 201);

    const std::string id(data.at("publish_id").as_string());
    const auto post = boost::json::parse(control("GET", "/history/posts/" + id).body()).as_object();
    EXPECT_EQ(post.at("sha256").as_string(), to_hex(sha256(first + second)));
    EXPECT_EQ(post.at("chunks").as_array().size(), 2U);
}

TEST_F(Wire, FaultVTellsAClientThatEndsBeforeItsBodyDid502WhenAskedTo) {
    const std::string init = text(
        "POST", "/v2/post/publish/inbox/video/init/", token() + "Content-Type: application/json\r\n",
        R"({"source_info":{"source":"FILE_UPLOAD","video_size":12,"chunk_size":12,"total_chunk_count":1}})");
    const auto data = boost::json::parse(secure("api", init).body()).as_object().at("data").as_object();
    const std::string url(data.at("upload_url").as_string());
    std::string short_put =
        text("PUT", url.substr(url.find("/video/")),
             "Content-Type: video/mp4\r\nContent-Range: bytes 0-11/12\r\n", "....ftypmp42");
    short_put.resize(short_put.size() - 5);
    EXPECT_EQ(ending("upload", short_put).status(), 0);
    ASSERT_EQ(control("POST", "/settings", R"({"switches":{"wrong_length":"502"}})").status(), 200);
    const reply told = ending("upload", short_put);
    EXPECT_EQ(told.status(), 502);
    EXPECT_EQ(told.body(), "");
    EXPECT_EQ(history().at("requests").as_array().back().as_object().at("status").as_int64(), 502);
}

TEST_F(Wire, FaultVReadsThePixelsOfWhatItPulls) {
    const std::string own_port = std::to_string(port("api"));
    ASSERT_EQ(control("POST", "/settings",
                      R"({"resolve":{"open.tiktokapis.test":)" + own_port
                          + R"(},"timing":{"pull_start_ms":0,"moderation_ms":0},"apps":[{"client_key":)"
                          + R"("demo-client-key","verified_domains":["open.tiktokapis.test"]}]})")
                  .status(),
              200);
    const auto serve = [&](const char* path, const std::string& picture) {
        const boost::json::object with{{"status", 200}, {"body", picture}};
        fault(boost::json::serialize(with), std::string(R"({"path":")") + path + "\"}");
    };
    // The head of an extended WebP is ASCII, as a fault's body must be.
    serve("/good.webp", testing::webp_extended(1'080, 1'920));
    serve("/big.webp", testing::webp_extended(1'920, 1'081));
    serve("/unused.webp", testing::webp_extended(1'080, 1'920));
    const std::string host = "https://open.tiktokapis.test";
    const std::string init =
        text("POST", "/v2/post/publish/content/init/", token() + "Content-Type: application/json\r\n",
             R"({"media_type":"PHOTO","post_mode":"DIRECT_POST","post_info":{"privacy_level":"SELF_ONLY"},)"
             R"("source_info":{"source":"PULL_FROM_URL","photo_cover_index":0,"photo_images":[")"
                 + host + "/good.webp\",\"" + host + "/big.webp\",\"" + host + "/unused.webp\"]}}");
    ASSERT_EQ(secure("api", init).status(), 200);
    const auto post = wait_for_the_end_of_the_first_post();
    EXPECT_EQ(post.at("state").as_string(), "FAILED");
    EXPECT_EQ(post.at("fail_reason").as_string(), "picture_size_check_failed");
    ASSERT_EQ(post.at("photos").as_array().size(), 1U);
    const auto good = post.at("photos").as_array()[0].as_object();
    EXPECT_EQ(good.at("width").as_int64(), 1'080);
    EXPECT_EQ(good.at("height").as_int64(), 1'920);
    const boost::json::object told = history();
    for (const auto& one : told.at("requests").as_array())
        EXPECT_NE(one.as_object().at("path").as_string(), "/unused.webp");
}

TEST_F(Wire, FaultVThePingsSignatureHasABlankBehindItsComma) {
    asio::io_context io;
    tcp::acceptor app(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const std::string hook = "http://127.0.0.1:" + std::to_string(app.local_endpoint().port()) + "/hook";
    ASSERT_EQ(control("POST", "/settings",
                      R"({"apps":[{"client_key":"demo-client-key","webhook_url":")" + hook + "\"}]}")
                  .status(),
              200);
    ASSERT_EQ(control("POST", "/webhooks", R"({"event":"tiktok.ping"})").status(), 200);
    tcp::socket came(io);
    app.accept(came);
    std::string request;
    asio::read_until(came, asio::dynamic_buffer(request), "testing Webhook");
    const std::size_t signature = request.find("TikTok-Signature: t=");
    ASSERT_NE(signature, std::string::npos) << request;
    const std::string line = request.substr(signature, request.find('\r', signature) - signature);
    EXPECT_NE(line.find(", s="), std::string::npos) << line;
}

TEST_F(Wire, PullsWhereNamesLeadAndTellsTheApp) {
    // The simulator is also the media server and the app: one fault makes it answer with a video, another
    // with 200.
    const std::string own_port = std::to_string(port("api"));
    ASSERT_EQ(
        control("POST", "/settings",
                R"({"resolve":{"open.tiktokapis.test":)" + own_port
                    + R"(},"timing":{"pull_start_ms":0,"webhook_first_retry_ms":1},"apps":[{"client_key":)"
                    + R"("demo-client-key","verified_domains":["open.tiktokapis.test"],)"
                    + R"("webhook_url":"https://open.tiktokapis.test/hook"}]})")
            .status(),
        200);
    fault(R"({"status":200,"body":"....ftypmp42....","headers":{"Content-Type":"video/mp4"}})",
          R"({"path":"/v.mp4"})");
    fault(R"({"status":200})", R"({"path":"/hook","nth":2})");
    const std::string init = text(
        "POST", "/v2/post/publish/inbox/video/init/", token() + "Content-Type: application/json\r\n",
        R"({"source_info":{"source":"PULL_FROM_URL","video_url":"https://open.tiktokapis.test/v.mp4"}})");
    ASSERT_EQ(secure("api", init).status(), 200);

    const auto told = wait_for_delivery();
    EXPECT_EQ(told.at("event").as_string(), "post.publish.inbox_delivered");
    EXPECT_EQ(told.at("attempts").as_int64(), 2);
    const auto posts = history().at("posts").as_array();
    EXPECT_EQ(posts.at(0).as_object().at("sha256").as_string(), to_hex(sha256("....ftypmp42....")));
    EXPECT_EQ(posts.at(0).as_object().at("state").as_string(), "SEND_TO_USER_INBOX");
}

} // namespace gateway::simulator
