"""Proves that each check finds what it is for: a small bad sample each, and a good one that passes."""

import tempfile
import tomllib
import unittest
from pathlib import Path

import cpp_text
import determinism
import floors
import format as formatting
import links
import shape
import text
from tree import Tree

_TABLE = tomllib.loads(floors.TABLE.read_text())
_CLASS = "/// A thing.\nclass Thing {\n};\n"


def _long_function(lines):
    return "void f() {\n" + "  g();\n" * (lines - 2) + "}\n"


class CheckTest(unittest.TestCase):
    """Builds a tree of a few files and counts what a check finds there."""

    def found(self, check, files):
        with tempfile.TemporaryDirectory() as folder:
            for path, content in files.items():
                place = Path(folder) / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(content)
            return sorted(f"{finding.path}:{finding.line} {finding.text}" for finding in check(Tree(folder)))

    def finds_one(self, check, files, start):
        found = self.found(check, files)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(start), found)


class Floors(CheckTest):
    """floors.py."""

    def test_downward_is_fine(self):
        files = {"common/ring/ring.h": '#include "common/hash/sha256.h"\n', "common/hash/sha256.h": "#include <string>\n"}
        self.assertEqual(self.found(floors.check, files), [])

    def test_upward_is_found(self):
        files = {"common/hash/a.h": '\n#include "common/ring/b.h"\n', "common/ring/b.h": ""}
        self.finds_one(floors.check, files, "common/hash/a.h:2 floor 1 includes common/ring/b.h on floor 2")

    def test_sideways_is_found(self):
        files = {"server/store/a.cpp": '#include "server/http/b.h"\n', "server/http/b.h": ""}
        self.finds_one(floors.check, files, "server/store/a.cpp:1 floor 6")

    def test_a_folder_that_is_not_in_the_table_is_found(self):
        self.finds_one(floors.check, {"server/attic/a.cpp": ""}, "server/attic/a.cpp:1 folder server/attic")

    def test_a_path_that_is_no_file_is_found(self):
        self.finds_one(floors.check, {"common/ring/a.cpp": '#include "ring.h"\n'}, 'common/ring/a.cpp:1 no file "ring.h"')

    def test_tests_are_out_of_reach_of_the_programs(self):
        files = {"common/ring/a.cpp": '#include "tests/support/b.h"\n', "tests/support/b.h": ""}
        self.finds_one(floors.check, files, "common/ring/a.cpp:1 no file")

    def test_cluster_may_not_know_the_http_interface(self):
        files = {"server/cluster/a.cpp": '#include "common/protocol/paths.h"\n', "common/protocol/paths.h": ""}
        self.finds_one(floors.check, files, "server/cluster/a.cpp:1 server/cluster never includes")

    def test_api_may_not_reach_into_the_store(self):
        files = {"server/api/a.cpp": '#include "server/store/b.h"\n', "server/store/b.h": ""}
        self.finds_one(floors.check, files, "server/api/a.cpp:1 server/api never includes")

    def test_the_client_may_not_use_the_server(self):
        files = {"client/commands/a.cpp": '#include "server/task/b.h"\n', "server/task/b.h": ""}
        self.finds_one(floors.check, files, "client/commands/a.cpp:1 client never includes")

    def test_a_cycle_in_one_folder_is_found(self):
        files = {"common/ring/a.h": '#include "common/ring/b.h"\n', "common/ring/b.h": '#include "common/ring/a.h"\n'}
        self.finds_one(floors.check, files, "common/ring/a.h:1 includes itself: common/ring/a.h -> common/ring/b.h -> common/ring/a.h")

    def test_nothing_includes_a_file_above_its_folder(self):
        files = {"server/main.cpp": "", "server/node/a.cpp": '#include "server/main.cpp"\n'}
        self.finds_one(floors.check, files, "server/node/a.cpp:1 floor 9")

    def test_poco_out_of_place_is_found(self):
        for path in ("server/cluster/a.cpp", "server/store/a.h", "common/protocol/shapes.h", "tests/support/simulation/a.cpp"):
            self.finds_one(floors.check, {path: "#include <Poco/URI.h>\n"}, f"{path}:1 <Poco/URI.h>: POCO only in")
        for path in ("server/runtime/a.h", "common/protocol/shapes.cpp", "client/a.cpp", "server/main.cpp"):
            self.assertEqual(self.found(floors.check, {path: "#include <Poco/URI.h>\n"}), [])

    def test_rocksdb_in_a_second_file_or_a_header_is_found(self):
        one = {"server/disk/a.cpp": "#include <rocksdb/db.h>\n#include <rocksdb/env.h>\n"}
        self.assertEqual(self.found(floors.check, one), [])
        self.assertEqual(len(self.found(floors.check, one | {"server/disk/b.cpp": "#include <rocksdb/db.h>\n"})), 2)
        self.finds_one(floors.check, {"server/disk/a.h": "#include <rocksdb/db.h>\n"}, "server/disk/a.h:1 <rocksdb/db.h>")

    def test_io_in_the_http_text_is_found(self):
        self.finds_one(floors.check, {"common/http/a.cpp": "#include <sys/socket.h>\n"}, "common/http/a.cpp:1 <sys/socket.h>")

    def test_threads_out_of_place_are_found(self):
        self.finds_one(floors.check, {"server/http/a.cpp": "#include <thread>\n"}, "server/http/a.cpp:1 <thread>: threads only in")
        self.assertEqual(self.found(floors.check, {"server/disk/a.cpp": "#include <thread>\n"}), [])

    def test_every_folder_in_the_table_has_a_build_file(self):
        root = floors.TABLE.parents[2]
        for folder in _TABLE["floor"]:
            self.assertTrue((root / folder / "CMakeLists.txt").exists(), folder)


class Shape(CheckTest):
    """shape.py and the reader of C++ below it."""

    def test_a_function_of_70_lines_is_fine_and_of_71_is_found(self):
        self.assertEqual(self.found(shape.check, {"common/a/a.cpp": _long_function(70)}), [])
        self.finds_one(shape.check, {"common/a/a.cpp": "\n" + _long_function(71)}, "common/a/a.cpp:2 f has 71 lines")

    def test_long_functions_are_found_in_all_their_forms(self):
        body = " {\n" + "  g();\n" * 80 + "}\n"
        for head in (
            "int A::b(int c) const noexcept",
            "template <class T = void>\nauto f(T t = {}) -> std::vector<T>",
            "bool operator==(const A& a, const A& b)",
            "A::A(int b) : b_(b), c_{b}",
            "TEST(Ring, NeverBreaks)",
            "void f(const char* text = \"}{\", char c = '}')",
            "static std::string x(std::size_t n = 1'000'000) // {\n",
            'Task<void> A::run(std::string a = R"x(}")x")',
            "struct stat status(const char* path)",
        ):
            found = self.found(shape.check, {"tests/a.cpp": "namespace a {\n" + head + body + "}\n"})
            self.assertEqual(len(found), 1, (head, found))

    def test_a_long_method_in_a_class_is_found_with_its_line(self):
        sample = "namespace n {\n/// A.\nclass A : public B {\n public:\n  int c() const {\n" + "    g();\n" * 90 + "  }\n};\n}\n"
        self.finds_one(shape.check, {"tests/a.h": sample}, "tests/a.h:5 c has 92 lines")

    def test_long_classes_namespaces_and_tables_are_no_functions(self):
        lines = "  int a_;\n" * 100
        table = "  {1, f(2)},\n" * 100
        sample = f"namespace a {{\n/// B.\nclass B {{\n{lines}}};\nconst C table[] = {{\n{table}}};\nenum class D {{\n{'  E,' * 3}\n}};\n}}\n"
        self.assertEqual(self.found(shape.check, {"tests/a.cpp": sample}), [])

    def test_a_long_file_is_found(self):
        self.finds_one(shape.check, {"server/a/a.cpp": "int a;\n" * 601}, "server/a/a.cpp:1 601 lines")

    def test_a_header_without_pragma_once_is_found(self):
        self.finds_one(shape.check, {"common/a/a.h": _CLASS}, "common/a/a.h:1 no #pragma once")

    def test_a_class_without_comment_is_found(self):
        for head in ("class A {", "struct A {", "class A final : public B<int> {", "template <class T>\nstruct A {", "class [[nodiscard]] A {"):
            sample = "#pragma once\nnamespace a {\n// not one for the docs\n" + head + "\n};\n}\n"
            self.finds_one(shape.check, {"common/a/a.h": sample}, "common/a/a.h:4 A has no")
            self.assertEqual(self.found(shape.check, {"common/a/a.h": sample.replace("// not", "/// not")}), [])

    def test_declarations_nested_classes_and_details_need_no_comment(self):
        sample = "#pragma once\nclass A;\nenum class E { A };\n/// B.\nclass B {\n  struct C {\n  };\n};\nnamespace detail {\nstruct D {\n};\n}\n"
        self.assertEqual(self.found(shape.check, {"common/a/a.h": sample}), [])

    def test_macros_in_directives_do_not_confuse_the_braces(self):
        sample = "#define OPEN \\\n  {\nint a;\n" + _long_function(75)
        self.finds_one(shape.check, {"common/a/a.cpp": sample}, "common/a/a.cpp:4 f has 75")

    def test_comments_and_literals_are_blanked_line_by_line(self):
        sample = "a /* { \n */ b // }\nc \"\\\"{\" d '\\'' e R\"(\n}\")\" f 1'0'0 g"
        code = cpp_text.without_comments(sample)
        self.assertEqual(code.count("\n"), sample.count("\n"))
        self.assertEqual([word for word in code.split() if word.isalpha()], ["a", "b", "c", "d", "e", "f", "g"])
        self.assertNotIn("{", code)


class Determinism(CheckTest):
    """determinism.py."""

    def test_each_banned_thing_is_found(self):
        for sample in (
            "auto t = std::chrono::steady_clock::now();",
            "std::random_device device;",
            "std::thread worker;",
            "thread_local int n;",
            'auto v = std::getenv("A");',
            "std::map<Node*, int> byAddress;",
            "std::set<const detail::Node*> byAddress;",
            "auto t = time(nullptr);",
            "std::hash<std::string> h;",
        ):
            for place in ("common/ring/a.cpp", "server/store/a.h", "server/cluster/a.cpp"):
                self.finds_one(determinism.check, {place: sample}, f"{place}:1 ")
            self.assertEqual(self.found(determinism.check, {"server/runtime/a.cpp": sample}), [])

    def test_comments_and_names_alike_are_fine(self):
        sample = "// steady_clock::now() is not for us\nint operand(); int wakeTime(int); std::map<Key, Node*> nodes; using C = std::chrono::steady_clock;\n"
        self.assertEqual(self.found(determinism.check, {"common/ring/a.cpp": sample}), [])

    def test_going_through_an_unordered_container_is_found(self):
        header = "#include <unordered_map>\nstruct A { std::unordered_map<Key, std::vector<int>> entries_; };\n"
        lookup = "int f(A& a) { return a.entries_.find(1)->second; }\n"
        self.assertEqual(self.found(determinism.check, {"server/store/a.h": header, "server/store/a.cpp": lookup}), [])
        for loop in ("for (auto& [key, value] : entries_) g();", "for (auto& e : this->entries_) g();", "auto it = entries_.begin();"):
            self.finds_one(determinism.check, {"server/store/a.h": header, "server/store/a.cpp": f"\nvoid A::f() {{ {loop} }}\n"}, "server/store/a.cpp:2 ")

    def test_going_through_an_alias_of_one_is_found(self):
        sample = "using Held = std::unordered_set<int>;\nvoid f(const Held& held) {\n  for (int h : held) g(h);\n}\n"
        self.finds_one(determinism.check, {"common/ring/a.cpp": sample}, "common/ring/a.cpp:3 goes through held")


class Text(CheckTest):
    """text.py."""

    def test_links_that_lead_somewhere_are_fine(self):
        page = "[a](docs/a.md) [b](docs/a.md#two-words) [c](https://example.org/x) [d](#here) `[e](none)`\n# Here\n```\n[f](none)\n```\n"
        self.assertEqual(self.found(text.check, {"README.md": page, "docs/a.md": "# Two words!\n"}), [])

    def test_dead_links_are_found(self):
        self.finds_one(text.check, {"docs/a.md": "\n[x](../none.md)\n"}, "docs/a.md:2 link to ../none.md")
        self.finds_one(text.check, {"a.md": "[x](b.md#gone)\n", "b.md": "# Here\n"}, "a.md:1 link to b.md#gone: no such heading")

    def test_folders_of_one_machine_are_found(self):
        self.finds_one(text.check, {"scripts/a": "cd /" + "work/main\n"}, "scripts/a:1 names a folder")
        self.assertEqual(self.found(text.check, {"scripts/a": "cd ../work/main; ls frame/work/\n"}), [])


class Format(CheckTest):
    """format.py."""

    def test_code_that_is_not_formatted_is_found(self):
        files = {".clang-format": "BasedOnStyle: Google\n", "common/a/a.cpp": "int  a;\nint  b;\n", "common/a/b.cpp": "int b;\n"}
        self.finds_one(formatting.check, files, "common/a/a.cpp:1 not as clang-format")

    def test_bad_shell_is_found(self):
        self.finds_one(formatting.check, {"go": "#!/bin/bash\nrm $1\n"}, "go:2 shellcheck:")


class Links(unittest.TestCase):
    """links.py."""

    def test_forbidden_libraries_are_found(self):
        section = " 0x1 (NEEDED)   Shared library: [libPocoNet.so.80]\n 0x1 (NEEDED)  Shared library: [libc.so.6]\n 0x1 (NEEDED) Shared library: [librocksdb.so.7.8]\n"
        self.assertEqual(links.forbidden(section), ["libPocoNet.so.80", "librocksdb.so.7.8"])

    def test_a_program_without_them_passes(self):
        self.assertEqual(links.main(["/usr/bin/readelf"]), 0)


if __name__ == "__main__":
    unittest.main()
