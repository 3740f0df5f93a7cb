// SPDX-License-Identifier: Apache-2.0
#include "platform/runner/signals.h"

#include <csignal>

namespace drydock::runner {
namespace {

volatile std::sig_atomic_t signals = 0;
struct sigaction old_int, old_term, old_hup;

void note_signal(int) { signals = signals + 1; }

}  // namespace

signal_flag::signal_flag() {
    signals = 0;
    struct sigaction action {};
    action.sa_handler = note_signal;
    sigemptyset(&action.sa_mask);  // no SA_RESTART: a waiting poll() returns
    sigaction(SIGINT, &action, &old_int);
    sigaction(SIGTERM, &action, &old_term);
    sigaction(SIGHUP, nullptr, &old_hup);
    if (old_hup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // unless under nohup
}

signal_flag::~signal_flag() {
    sigaction(SIGINT, &old_int, nullptr);
    sigaction(SIGTERM, &old_term, nullptr);
    sigaction(SIGHUP, &old_hup, nullptr);
}

int signal_flag::count() { return signals; }

}  // namespace drydock::runner
