// SPDX-License-Identifier: Apache-2.0
// What Verilator's runtime calls when a block prints or stops: nothing is printed and nothing ends
// the program; a failed assertion becomes an exception that carries its text.
#include "rtl/adapter/verilated_runtime.h"

#include <array>
#include <cstdarg>
#include <cstdio>

namespace {
thread_local std::string said;  // by the assertion that stops the block next
}

extern "C" int drydock_verilated_print(const char* format, ...) {
    std::array<char, 1024> text{};
    va_list arguments;
    va_start(arguments, format);
    const int n = std::vsnprintf(text.data(), text.size(), format, arguments);
    va_end(arguments);
    said = text.data();
    while (!said.empty() && said.back() == '\n') said.pop_back();
    return n;
}

void vl_stop(const char* file, int line, const char*) {
    const std::string text = said.empty() ? "stopped" : said;
    said.clear();
    throw drydock::rtl::assertion_failed(std::string(file) + ":" + std::to_string(line) + ": " +
                                         text);
}

void vl_fatal(const char* file, int line, const char* scope, const char* text) {
    if (said.empty()) said = text;
    vl_stop(file, line, scope);
}

void vl_finish(const char* file, int line, const char* scope) { vl_stop(file, line, scope); }
