// SPDX-License-Identifier: Apache-2.0
#include "platform/conform/lspci_process.h"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string_view>

extern char** environ;

namespace drydock::conform {
namespace {

[[noreturn]] void fail(const char* what, int error) {
    throw std::runtime_error(fmt::format("lspci: {}: {}", what, std::strerror(error)));
}

/// A file in the folder for temporary files; gone with this object.
class temporary_file {
public:
    temporary_file()
        : name_((std::filesystem::temp_directory_path() / "drydock_lspci_XXXXXX").string()),
          fd_(::mkstemp(name_.data())) {
        if (fd_ < 0) fail("a temporary file cannot be made", errno);
    }
    ~temporary_file() {
        ::close(fd_);
        ::unlink(name_.c_str());
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;

    void write(std::string_view text) {
        while (!text.empty()) {
            const ssize_t n = ::write(fd_, text.data(), text.size());
            if (n < 0 && errno != EINTR) fail("a temporary file cannot be written", errno);
            if (n > 0) text.remove_prefix(static_cast<std::size_t>(n));
        }
    }
    std::string read() const {
        std::string text;
        std::array<char, 4096> part;
        off_t at = 0;
        for (ssize_t n; (n = ::pread(fd_, part.data(), part.size(), at)) > 0; at += n)
            text.append(part.data(), static_cast<std::size_t>(n));
        return text;
    }
    std::string& name() { return name_; }
    int fd() const { return fd_; }

private:
    std::string name_;
    int fd_;
};

/// @return lspci's exit code
int run_lspci(std::string& dump, int out, int err) {
    std::string words[] = {"lspci", "-F", dump, "-vvv"};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(),
                         nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    pid_t child = 0;
    const int error = ::posix_spawnp(&child, arguments[0], &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) fail("cannot be run (Debian package pciutils)", error);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0)
        if (errno != EINTR) fail("was lost", errno);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

}  // namespace

std::vector<device_lines> lspci_decode(const std::string& dump) {
    temporary_file in, out, err;
    in.write(dump);
    if (const int code = run_lspci(in.name(), out.fd(), err.fd()); code != 0)
        throw std::runtime_error(fmt::format("lspci ended with {}: {}", code, err.read()));
    std::vector<device_lines> devices;
    const std::string text = out.read();
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (line.empty()) continue;
        if (line.front() != '\t') devices.emplace_back();
        if (!devices.empty()) devices.back().emplace_back(line);
    }
    return devices;
}

}  // namespace drydock::conform
