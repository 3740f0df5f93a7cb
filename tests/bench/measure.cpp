// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/measure.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tlm/base/timeline.h"

namespace drydock::bench {

double cpu_seconds() {
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

measurement in_child(const std::function<measurement()>& experiment) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("bench: no pipe");
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("bench: no child");
    if (child == 0) {
        int code = 0;
        try {
            const measurement m = experiment();
            if (write(ends[1], &m, sizeof m) != static_cast<ssize_t>(sizeof m)) code = 1;
        } catch (const std::exception& e) {
            std::fprintf(stderr, "bench: %s\n", e.what());
            code = 1;
        }
        std::fflush(nullptr);
        _exit(code);
    }
    close(ends[1]);
    measurement m;
    const bool whole = read(ends[0], &m, sizeof m) == static_cast<ssize_t>(sizeof m);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!whole || status != 0)
        throw std::runtime_error("bench: the experiment failed, status " + std::to_string(status));
    return m;
}

double bare_timeline_seconds(std::uint64_t records, unsigned pending) {
    struct chain final : base::timeline_client {
        chain(base::timeline& t, unsigned n)
            : timeline(t), id(t.join("chain" + std::to_string(n), *this)) {}
        void on_time(std::uint64_t) override {
            if (left == 0) return;
            --left;
            timeline.after(step, base::phase::serve, id);
        }
        base::timeline& timeline;
        base::timeline::client_id id;
        base::ps step{1000};
        std::uint64_t left = 0;
    };
    base::timeline t;
    std::vector<std::unique_ptr<chain>> chains;
    for (unsigned i = 0; i < pending; ++i) {
        chains.push_back(std::make_unique<chain>(t, i));
        chains.back()->step = base::ps{1000 + 7 * static_cast<std::int64_t>(i)};
        chains.back()->left = records / pending;
        t.at(base::ps{i}, base::phase::serve, chains.back()->id);
    }
    const double start = cpu_seconds();
    t.run(base::never);
    return cpu_seconds() - start;
}

}  // namespace drydock::bench
