"""Feeds every rule of tidy.py something bad, and something good that looks alike."""

HEADER = "// What it is for.\n#pragma once\n"

BAD = [  # rule, path, text
    ("layers", "service/store/a.cpp", '#include "pipeline/pipeline.hpp"\n'),
    ("layers", "service/files/a.cpp", '#include "posts/publisher.hpp"\n'),
    ("layers", "service/vault/a.cpp", '#include "tiktok/oauth.hpp"\n'),
    ("layers", "service/windows/a.cpp", '#include "tokens/token_service.hpp"\n'),
    ("layers", "service/tiktok/a.cpp", '#include "user_api/bound_api.hpp"\n'),
    ("layers", "service/vault/a.cpp", '#include "near.hpp"\n'),
    ("layers", "tests/simulator/a.cpp", '#include "tiktok/endpoint.hpp"\n'),
    ("detached", "service/inbound/a.cpp", "co_spawn(io, f(), asio::detached);\n"),
    ("stdout", "service/store/a.cpp", 'std::cout << "hello";\n'),
    ("timer_race", "service/inbound/a.cpp", "co_await (read() || timer.async_wait());\n"),
    ("getenv", "service/store/a.cpp", 'auto home = std::getenv("HOME");\n'),
    ("bare_await", "service/inbound/a.cpp", "if (!co_await wait_for_request()) co_return false;\n"),
    ("await_in_choice", "service/posts/a.cpp", "auto got = direct ? co_await a() : co_await b();\n"),
    ("sleep", "tests/unit/a_test.cpp", "std::this_thread::sleep_for(1s);\n"),
    ("clock", "service/limits/a.cpp", "auto now = std::chrono::steady_clock::now();\n"),
    ("raw_new", "service/store/a.cpp", "auto* thing = new part(1);\n"),
    ("any_executor", "service/inbound/a.cpp", "asio::any_io_executor executor;\n"),
    ("beast_message_io", "service/inbound/a.cpp", "co_await http::async_read(socket, buffer, message);\n"),
    ("skipped_test", "tests/unit/a_test.cpp", "GTEST_SKIP();\n"),
    ("third_party", "service/inbound/a.cpp", "#include <prometheus/counter.h>\n"),
    ("third_party", "service/vault/a.cpp", "#include <sqlite3.h>\n"),
    ("third_party", "service/vault/a.cpp", "#include <benchmark/benchmark.h>\n"),
    ("third_party", "tests/unit/a_test.cpp", "#include <benchmark/benchmark.h>\n"),
    ("function_length", "service/store/a.cpp", "void f() {\n" + "    g();\n" * 70 + "}\n"),
    ("function_length", "service/store/a.cpp", "namespace a {\nint f(int x) const {\n" + "    g();\n" * 70 + "}\n}\n"),
    ("function_length", "tests/contract/a.py", "def f():\n" + "    g()\n" * 70),
    ("header", "service/store/a.hpp", "#pragma once\nint f();\n"),
    ("header", "service/store/a.hpp", "// What it is for.\nint f();\n"),
    ("includes", "service/store/a.hpp", HEADER + "std::vector<int> f();\n"),
    ("test_name", "tests/unit/a_test.cpp", "TEST(Pool, Gives_It_Back) {\n}\n"),
    ("open_end", "service/store/a.cpp", "// TO" + "DO: later\n"),
    ("outside", "dev", "curl https://registry" + ".example.org/\n"),
    ("white_space", "service/store/a.cpp", "int x; \n"),
    ("white_space", "service/store/a.cpp", "int x;"),
    ("file_name", "service/store/SqliteStore.cpp", "int x;\n"),
]

GOOD = [
    ("tests/bench/micro/a.cpp", "#include <benchmark/benchmark.h>\n"),
    ("service/posts/a.cpp", '#include "files/shelf.hpp"\n#include "base/result.hpp"\n'),
    ("service/main.cpp", '#include "inbound/listener.hpp"\n'),
    ("service/store/a.cpp", '// std::cout is not used here\nauto text = "detached std::cout";\n'),
    ("service/store/a.cpp", 'auto text = R"(new part(1); } } {)";\nvoid f() {\n}\n'),
    ("service/settings/a.cpp", 'auto home = std::getenv("HOME");\n'),
    ("service/store/a.cpp", "struct table {\n" + "    int row;\n" * 100 + "};\n"),
    ("service/store/a.cpp", "const row rows[] = {\n" + "    {f(1), 2},\n" * 100 + "};\n"),
    ("service/store/a.cpp", "// tidy: allow raw_new, because the library takes it over\nauto* a = new part(1);\n"),
    ("service/store/a.cpp", "if (x == '\"') {\n    y = 1'000'000;\n}\n"),
    ("service/store/a.hpp", HEADER + "#include <vector>\nstd::vector<int> f();\n"),
    ("tests/unit/a_test.cpp", "TEST(Pool, C02GivesAFreedConnectionToTheOldestWaiter) {\n}\n"),
]


def run(faults_of, error_code_faults):
    wrong = []
    for rule, path, text in BAD:
        if not any(f"[{rule}]" in fault for fault in faults_of(path, text)):
            wrong.append(f"{rule} did not see: {text[:80]!r}")
    for path, text in GOOD:
        wrong += [f"a false alarm on {text[:80]!r}: {fault}" for fault in faults_of(path, text)]
    twice = "GATEWAY_ERROR(40001, one, false,\nGATEWAY_ERROR(40001, two, false,\n"
    if len(list(error_code_faults(twice, "one"))) != 2:
        wrong.append("error_codes did not see a number used twice and a code without documentation")
    print("\n".join(wrong) if wrong else f"{len(BAD)} bad and {len(GOOD)} good snippets were judged rightly")
    return 1 if wrong else 0
