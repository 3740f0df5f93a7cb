// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/crash_guard.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

namespace drydock::machine {
namespace {

constexpr std::array crashes{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr unsigned seconds = 5;
constexpr std::size_t stack_bytes = 1u << 20;  // the crash may be an overflow of the stack

// A handler of signals is told nothing but the signal.
std::function<void()> act;
std::vector<char> stack;
volatile sig_atomic_t crashed_by = 0;

void end_as_it_came(int) {
    sigset_t these;
    sigemptyset(&these);
    sigaddset(&these, crashed_by);
    signal(crashed_by, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &these, nullptr);
    kill(getpid(), crashed_by);
}

void on_crash(int number) {
    if (crashed_by == 0) {
        crashed_by = number;
        signal(SIGALRM, end_as_it_came);
        alarm(seconds);
        try {
            act();
        } catch (...) {  // it could not; the crash is what is told
        }
    }
    end_as_it_came(number);
}

}  // namespace

crash_guard::crash_guard(std::function<void()> last_act) {
    if (act) throw std::logic_error("two crash guards");
    act = std::move(last_act);
    stack.resize(stack_bytes);
    const stack_t own{stack.data(), 0, stack.size()};
    sigaltstack(&own, nullptr);
    struct sigaction how {};
    how.sa_handler = on_crash;
    how.sa_flags = SA_ONSTACK | SA_NODEFER;
    for (const int number : crashes) sigaction(number, &how, nullptr);
}

crash_guard::~crash_guard() {
    for (const int number : crashes) signal(number, SIG_DFL);
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    sigaltstack(&none, nullptr);
    act = nullptr;
}

}  // namespace drydock::machine
