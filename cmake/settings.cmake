# The compiler options of all targets.
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(project_options INTERFACE)
target_compile_features(project_options INTERFACE cxx_std_20)
target_compile_options(project_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-align -Woverloaded-virtual
    -Wconversion -Wsign-conversion -Wformat=2 -Wimplicit-fallthrough -Werror)
target_compile_definitions(project_options INTERFACE
    TIKTOK_GATEWAY_VERSION="${PROJECT_VERSION}" BOOST_ASIO_HAS_STD_INVOKE_RESULT)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # gcc 12 is wrong about these around coroutines and std::string (GCC PR 105329, PR 98753).
    target_compile_options(project_options INTERFACE
        -Wno-maybe-uninitialized -Wno-restrict -Wno-mismatched-new-delete -Wno-missing-field-initializers -fcoroutines)
else()
    target_compile_options(project_options INTERFACE -Wno-missing-field-initializers)
endif()

option(GATEWAY_ASAN "Address and undefined-behaviour sanitizers (clang)" OFF)
option(GATEWAY_TSAN "Thread sanitizer (clang)" OFF)
option(GATEWAY_COVERAGE "Instrument for gcovr" OFF)
option(GATEWAY_FAILPOINTS "Steps at which the fault tests may end the process (service/base/failpoint.hpp)" OFF)
set(GATEWAY_TEST_FLAGS "" CACHE STRING "Options for the code of the tests alone")
option(GATEWAY_FUZZ "libFuzzer programs of tests/fuzz (clang, with GATEWAY_ASAN)" OFF)
if(GATEWAY_FUZZ)
    target_compile_options(project_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(GATEWAY_ASAN)
    # Without -fno-sanitize=function clang 14 cannot assemble coroutine frames. The check of vptr opens a pipe for each
    # check and reports a fault if no descriptor is left, as in the tests that use up all of them.
    target_compile_options(project_options INTERFACE
        -fsanitize=address,undefined -fno-sanitize=function,vptr -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
    target_link_options(project_options INTERFACE -fsanitize=address,undefined)
    # Reusing the memory of coroutine frames would hide a use after the end of a coroutine.
    target_compile_definitions(project_options INTERFACE BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
endif()
if(GATEWAY_TSAN)
    target_compile_options(project_options INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
    target_compile_definitions(project_options INTERFACE BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
    target_link_options(project_options INTERFACE -fsanitize=thread)
endif()
if(GATEWAY_COVERAGE)
    target_compile_options(project_options INTERFACE --coverage)
    target_link_options(project_options INTERFACE --coverage)
endif()
