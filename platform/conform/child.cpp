// SPDX-License-Identifier: Apache-2.0
#include "platform/conform/child.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>

namespace drydock::conform {
namespace {

// First byte of what a child sends: its result follows, or why there is none.
constexpr char result_follows = '+', error_follows = '-';

[[noreturn]] void fail(const char* what) {
    throw std::runtime_error(fmt::format("a child process {}: {}", what, std::strerror(errno)));
}

void send(int pipe, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::write(pipe, text.data(), text.size());
        if (n < 0 && errno != EINTR) ::_exit(1);
        if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
    }
}

[[noreturn]] void be_child(int pipe, const std::function<std::string()>& work) {
    std::string text;
    try {
        text = result_follows + work();
    } catch (const std::exception& e) {
        text = error_follows + std::string(e.what());
    }
    send(pipe, text);
    ::_exit(0);
}

std::string receive(int pipe) {
    std::string text;
    std::array<char, 4096> part;
    for (;;) {
        const ssize_t n = ::read(pipe, part.data(), part.size());
        if (n == 0 || (n < 0 && errno != EINTR)) return text;
        if (n > 0) text.append(part.data(), static_cast<std::size_t>(n));
    }
}

}  // namespace

std::string in_child(const std::function<std::string()>& work) {
    int ends[2];
    if (::pipe(ends) != 0) fail("has no pipe");
    std::fflush(nullptr);  // what is buffered is the parent's to write
    const pid_t pid = ::fork();
    if (pid < 0) fail("cannot be made");
    if (pid == 0) {
        ::close(ends[0]);
        be_child(ends[1], work);
    }
    ::close(ends[1]);
    const std::string text = receive(ends[0]);
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) fail("was lost");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || text.empty())
        throw std::runtime_error("a child process ended without a result");
    if (text.front() == error_follows) throw std::runtime_error(text.substr(1));
    return text.substr(1);
}

}  // namespace drydock::conform
