// The simulator as a whole: builds the parts, opens the doors, runs on the thread that calls run().
#pragma once
#include "configure/settings.hpp"

#include <memory>
#include <string>

namespace gateway::simulator {

class machine {
public:
    /// Makes certificates and opens the doors; throws when it cannot.
    explicit machine(settings all);
    ~machine();

    /// The one line of JSON that says where it listens.
    std::string listening() const;
    /// Until stop(), SIGTERM or SIGINT.
    void run();
    /// From any thread.
    void stop();

private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

} // namespace gateway::simulator
