"""Feeds every rule of tidy.py something bad, and something good that looks alike."""
import pathlib
import tempfile

import citations

HEADER = "// What it is for.\n#pragma once\n"

BAD = [  # rule, path, text
    ("layers", "service/store/a.cpp", '#include "pipeline/pipeline.hpp"\n'),
    ("layers", "service/files/a.cpp", '#include "posts/publisher.hpp"\n'),
    ("layers", "service/vault/a.cpp", '#include "tiktok/oauth.hpp"\n'),
    ("layers", "service/windows/a.cpp", '#include "tokens/token_service.hpp"\n'),
    ("layers", "service/tiktok/a.cpp", '#include "user_api/bound_api.hpp"\n'),
    ("layers", "service/vault/a.cpp", '#include "near.hpp"\n'),
    ("layers", "tests/simulator/a.cpp", '#include "tiktok/endpoint.hpp"\n'),
    ("layers", "service/tiktok/endpoint.hpp", HEADER + '#include "base/ids.hpp"\n'),
    ("detached", "service/inbound/a.cpp", "co_spawn(io, f(), asio::detached);\n"),
    ("stdout", "service/store/a.cpp", 'std::cout << "hello";\n'),
    ("timer_race", "service/inbound/a.cpp", "co_await (read() || timer.async_wait());\n"),
    ("getenv", "service/store/a.cpp", 'auto home = std::getenv("HOME");\n'),
    ("bare_await", "service/inbound/a.cpp", "if (!co_await wait_for_request()) co_return false;\n"),
    ("await_in_choice", "service/posts/a.cpp", "auto got = direct ? co_await a() : co_await b();\n"),
    ("constant_result", "service/store/a.cpp",
     "task<result<bool>> f() {\n    const auto done = co_await g();\n    co_return done;\n}\n"),
    ("sleep", "tests/unit/a_test.cpp", "std::this_thread::sleep_for(1s);\n"),
    ("clock", "service/limits/a.cpp", "auto now = std::chrono::steady_clock::now();\n"),
    ("raw_new", "service/store/a.cpp", "auto* thing = new part(1);\n"),
    ("any_executor", "service/inbound/a.cpp", "asio::any_io_executor executor;\n"),
    ("beast_message_io", "service/inbound/a.cpp", "co_await http::async_read(socket, buffer, message);\n"),
    ("skipped_test", "tests/unit/a_test.cpp", "GTEST_" + "SKIP();\n"),
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
    ("service/store/a.cpp", "task<result<bool>> f() {\n    auto done = co_await g();\n    co_return done;\n}\n"),
    ("service/store/a.cpp", "task<result<int>> f() {\n    const auto done = co_await g();\n    co_return done;\n}\n"),
    ("tests/bench/micro/a.cpp", "#include <benchmark/benchmark.h>\n"),
    ("service/posts/a.cpp", '#include "files/shelf.hpp"\n#include "base/result.hpp"\n'),
    ("service/settings/a.cpp", '#include "tiktok/endpoint.hpp"\n'),
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

DOCS = {"contract": "# The contract\n\n## 4. Answers\n\n### 4.1 Codes\n",
        "promises": "| ID | Fault | Kept | State |\n|---|---|---|---|\n| C06 | a | `b\\|c` | |\n"
                    "| L01 | a | b | no test of this ID |\n| FaultA | a | b |\n\n**R8** stored\n",
        "tiktok-wire": "### 5.1 Chunks\n\n| C8 | 4 GB |\n\n| W16 | ids |\n"}

CITATIONS_BAD = [  # path, text
    ("service/a.cpp", "// As docs/agreement.md says.\n"),
    ("service/a.cpp", "// As docs/contract.md §5 says.\n"),
    ("service/a.cpp", "// As docs/contract.md §4, §4.2 says.\n"),
    ("service/a.cpp", "// As docs/contract.md\n// §5 says.\n"),
    ("service/a.cpp", "// As product §4 says.\n"),
    ("service/a.cpp", "// As it is said (§4).\n"),
    ("service/a.cpp", "int x; // refused (C07)\n"),
    ("service/a.cpp", "int x; // both were seen (W17)\n"),
    ("service/a.cpp", "int x; // stored, R9\n"),
    ("tests/a.py", "# docs/promises.md C06, C07\n"),
    ("tests/a.yaml", "# docs/contract.md §7\n"),
    ("tests/a_test.cpp", "TEST(Gate, C07RefusesIt) {\n}\n"),
    ("tests/a_test.cpp", "TEST_F(Gate, C06ToC08RefusesIt) {\n}\n"),
    ("tests/a_test.cpp", "TEST(Gate, L01IsShownThoughThePageSaysNo) {\n}\n"),
    ("tests/a_test.cpp", "TEST(Gate, FaultBIsNoRow) {\n}\n"),
]

CITATIONS_GOOD = [
    ("service/a.cpp", "// docs/contract.md §4 and §4.1; docs/tiktok-wire.md §5.1, C8, W16 (docs/promises.md C06).\n"),
    ("service/a.cpp", "// As docs/contract.md\n// §4.1 has it (RFC 9110 §5.5, RFC 2046 §5.1.1; NIST SP 800-38D §8.3).\n"),
    ("service/a.cpp", "/// As the scheme has it (RFC\n/// 9110 §4.2.3), or nothing.\n"),
    ("service/a.cpp", "// ISO/IEC 14496-12 §4.3; the new pair is durable: R8\n"),
    ("service/a.cpp", 'auto text = "C99 W99 docs";\n'),
    ("tests/a_test.cpp", "TEST(Gate, C06RefusesIt) {\n}\nTEST(Gate, FaultATakesIt) {\n}\nTEST(FaultLab, Runs) {\n}\n"),
]


def judge_citations():
    pages = citations.Pages(DOCS)
    for path, text in CITATIONS_BAD:
        if not list(citations.citation_faults(path, text, pages)):
            yield f"citation did not see: {text[:80]!r}"
    for path, text in CITATIONS_GOOD:
        yield from (f"a false alarm on {text[:80]!r}: {fault}" for fault in citations.citation_faults(path, text, pages))
    if len(list(citations.state_faults(["TEST(Other, ProvesNoRow) {\n"], pages))) != 1:
        yield "citation did not see a row that no test carries"
    if list(citations.state_faults(["TEST(Gate, C06RefusesIt) {\n"], pages)):
        yield "citation did not see the test of a row"
    named = "`Gate.C06*`, `Gate.C06RefusesIt`, `tests/tidy`, `Gate.C07*`, `Other.*`"
    if len(list(citations.named_test_faults(named, ["TEST_P(Gate, C06RefusesIt) {\n"]))) != 2:
        yield "citation did not see a test of docs/security.md that is not there"
    if len(list(citations.rank_faults({"base": 0, "http": 1, "app": 2}, "  0  base/  a\n  2  http/  b\n  3  away/  c\n"))) != 3:
        yield "citation did not see a wrong rank, a folder that is not listed, and one that is not there"
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        (top / "there.md").write_text("## 1. A `heading`, here\n")
        links = {"[a](there.md)": 0, "[a](there.md#1-a-heading-here)": 0, "[a](https://example.org/x)": 0, "`service/away`": 1,
                 "[a](away.md)": 1, "[a](there.md#2-nothing)": 1, "`docs/away.md`": 1, "```\n[a](away.md)\n```": 0}
        for text, faults in links.items():
            if len(list(citations.link_faults("page.md", text + "\n", top))) != faults:
                yield f"links were judged wrongly: {text}"


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
    wrong += judge_citations()
    bad, good = len(BAD) + len(CITATIONS_BAD), len(GOOD) + len(CITATIONS_GOOD)
    print("\n".join(wrong) if wrong else f"{bad} bad and {good} good snippets were judged rightly")
    return 1 if wrong else 0
