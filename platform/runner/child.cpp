// SPDX-License-Identifier: Apache-2.0
#include "platform/runner/child.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "platform/runner/signals.h"
#include "platform/scenario/place.h"

namespace drydock::runner {
namespace {

using json = nlohmann::json;

class child_progress final : public progress {
public:
    explicit child_progress(shared_progress& shared) : shared_(shared) {}
    void advance(base::ps now, base::ps end, std::uint64_t events) override {
        shared_.now.store(now.count, std::memory_order_relaxed);
        shared_.end.store(end.count, std::memory_order_relaxed);
        shared_.events.store(events, std::memory_order_relaxed);
    }
    bool stop() const override { return signal_flag::count() > 0; }

private:
    shared_progress& shared_;
};

json simulate_safely(const job& j, const simulate_function& simulate, shared_progress& shared) {
    child_progress p(shared);
    try {
        json entry = simulate(*j.run, j.files, p);
        return {{"state", p.stop() ? "interrupted" : "done"}, {"entry", std::move(entry)}};
    } catch (const scenario::bad_input& e) {
        return {{"state", "bad_input"}, {"message", e.what()}};
    } catch (const run_fault& e) {
        return {{"state", "fault"},
                {"files", true},
                {"message", fmt::format("run '{}': {}", j.run->name, e.what())}};
    } catch (const std::exception& e) {
        return {{"state", "fault"},
                {"message", fmt::format("run '{}': {}", j.run->name, e.what())}};
    } catch (...) {
        return {{"state", "fault"},
                {"message", fmt::format("run '{}': an exception of unknown type", j.run->name)}};
    }
}

void write_all(int to, const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
        const ssize_t n = ::write(to, text.data() + sent, text.size() - sent);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;  // the parent is gone; nobody is left to tell
        sent += static_cast<std::size_t>(n);
    }
}

[[noreturn]] void be_child(const job& j, const simulate_function& simulate, shared_progress& shared,
                           int to) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody would read the result of an orphan
    std::signal(SIGPIPE, SIG_IGN);
    setenv("SYSTEMC_DISABLE_COPYRIGHT_MESSAGE", "1", 1);
    const json message = simulate_safely(j, simulate, shared);
    write_all(to, message.dump(-1, ' ', false, json::error_handler_t::replace));
    ::close(to);
    std::fflush(nullptr);
    _exit(0);
}

std::string how_it_ended(int status) {
    if (WIFSIGNALED(status)) {
        const int s = WTERMSIG(status);
        return fmt::format("ended by signal {} ({})", s, strsignal(s));
    }
    return fmt::format("ended with status {} before it sent its result", WEXITSTATUS(status));
}

}  // namespace

child start(const job& j, const simulate_function& simulate, shared_progress& p) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    std::fflush(nullptr);  // or the child would write what the parent has not yet
    const pid_t pid = ::fork();
    if (pid < 0) {
        const int error = errno;
        ::close(ends[0]);
        ::close(ends[1]);
        throw std::system_error(error, std::generic_category(), "fork");
    }
    if (pid == 0) {
        ::close(ends[0]);
        be_child(j, simulate, p, ends[1]);
    }
    ::close(ends[1]);
    child c;
    c.pid = pid;
    c.pipe = ends[0];
    return c;
}

void ask_to_end(child& c) {
    if (c.pid <= 0) return;
    if (!c.asked_to_end) c.asked_at = std::chrono::steady_clock::now();
    c.asked_to_end = true;
    ::kill(c.pid, SIGTERM);
}

void kill_if_deaf(child& c, std::chrono::milliseconds grace) {
    if (c.pid <= 0 || !c.asked_to_end || c.killed) return;
    if (std::chrono::steady_clock::now() - c.asked_at < grace) return;
    c.killed = true;
    ::kill(c.pid, SIGKILL);
}

outcome collect(child& c, const std::string& run_name) {
    int status = 0;
    while (::waitpid(c.pid, &status, 0) < 0 && errno == EINTR) {
    }
    c.pid = -1;
    const json message = json::parse(c.received, nullptr, false);
    outcome o;
    if (c.killed && message.is_discarded()) {
        o.message = fmt::format("run '{}' did not end when asked to and was killed", run_name);
        return o;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || message.is_discarded()) {
        o.is = outcome::state::fault;
        o.message = fmt::format("run '{}': {}", run_name, how_it_ended(status));
        o.files = WIFSIGNALED(status);  // a crash closes them as well as it can
        return o;
    }
    const std::string state = message.at("state");
    o.is = state == "done"          ? outcome::state::done
           : state == "interrupted" ? outcome::state::interrupted
           : state == "bad_input"   ? outcome::state::bad_input
                                    : outcome::state::fault;
    o.message = message.value("message", "");
    o.files = message.value("files", false);
    if (message.contains("entry")) o.entry = message.at("entry");
    return o;
}

}  // namespace drydock::runner
