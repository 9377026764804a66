# Everything comes from Debian packages; `./dev setup` installs them.
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED CONFIG COMPONENTS json url)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(PostgreSQL REQUIRED) # the client library
find_package(yaml-cpp CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(GTest CONFIG REQUIRED)
find_package(benchmark CONFIG QUIET) # for `./dev bench --micro`, which installs it; nothing else needs it

# yaml-cpp named its target differently before 0.8.
if(TARGET yaml-cpp::yaml-cpp)
    set(yaml_cpp_target yaml-cpp::yaml-cpp)
else()
    set(yaml_cpp_target yaml-cpp)
endif()

# Debian's own Python: the packages python3-yaml and python3-jsonschema belong to it.
find_program(system_python NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
