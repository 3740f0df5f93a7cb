// SPDX-License-Identifier: Apache-2.0
#include "platform/runner/runner.h"

#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <new>
#include <system_error>

#include "platform/runner/child.h"
#include "platform/runner/signals.h"

namespace drydock::runner {
namespace {

using state = outcome::state;

/// One shared_progress per job, in memory that survives fork as the same pages.
class progress_pages {
public:
    explicit progress_pages(std::size_t jobs)
        : bytes_(std::max<std::size_t>(1, jobs) * sizeof(shared_progress)) {
        void* p =
            ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
        slots_ = static_cast<shared_progress*>(p);
        for (std::size_t i = 0; i < jobs; ++i) new (slots_ + i) shared_progress;
    }
    ~progress_pages() { ::munmap(slots_, bytes_); }
    progress_pages(const progress_pages&) = delete;
    progress_pages& operator=(const progress_pages&) = delete;
    shared_progress& operator[](std::size_t i) { return slots_[i]; }

private:
    std::size_t bytes_;
    shared_progress* slots_;
};

class campaign {
public:
    campaign(std::span<const job> jobs, const simulate_function& simulate, bool until_violation,
             watcher* w, std::chrono::milliseconds grace)
        : jobs_(jobs),
          simulate_(simulate),
          until_violation_(until_violation),
          watcher_(w),
          grace_(grace),
          pages_(jobs.size()),
          children_(jobs.size()),
          outcomes_(jobs.size()),
          limit_(jobs.size()) {}
    ~campaign() {
        for (child& c : children_)
            if (c.pid > 0) ::kill(c.pid, SIGKILL);
    }

    std::vector<outcome> run(unsigned at_once) {
        while (true) {
            while (running_ < std::max(1u, at_once) && next_ < limit_ && signal_flag::count() == 0)
                launch(next_++);
            if (running_ == 0) break;
            wait_a_moment();
            pass_signals_on();
            for (child& c : children_) kill_if_deaf(c, grace_);
            show();
        }
        for (std::size_t i = limit_; i < outcomes_.size(); ++i) outcomes_[i] = {};
        return std::move(outcomes_);
    }

private:
    void launch(std::size_t i) {
        children_[i] = start(jobs_[i], simulate_, pages_[i]);
        ++running_;
    }

    void wait_a_moment() {
        std::vector<pollfd> fds;
        std::vector<std::size_t> who;
        for (std::size_t i = 0; i < next_; ++i)
            if (children_[i].pipe >= 0) {
                fds.push_back({children_[i].pipe, POLLIN, 0});
                who.push_back(i);
            }
        if (::poll(fds.data(), fds.size(), 100) <= 0) return;
        for (std::size_t k = 0; k < fds.size(); ++k)
            if (fds[k].revents != 0) receive(who[k]);
    }

    void receive(std::size_t i) {
        child& c = children_[i];
        std::array<char, 65536> buffer;
        const ssize_t n = ::read(c.pipe, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) return;
        if (n > 0) {
            c.received.append(buffer.data(), static_cast<std::size_t>(n));
            return;
        }
        ::close(c.pipe);
        c.pipe = -1;
        outcomes_[i] = collect(c, jobs_[i].run->name);
        c.received = {};
        --running_;
        finished(i);
    }

    void finished(std::size_t i) {
        const bool broken = outcomes_[i].is == state::bad_input || outcomes_[i].is == state::fault;
        const bool found = until_violation_ && outcomes_[i].entry.is_object() &&
                           outcomes_[i].entry.value("outcome", "") == "violations";
        if (!found && !broken) return;
        limit_ = std::min(limit_, i + 1);
        for (std::size_t k = limit_; k < next_; ++k) ask_to_end(children_[k]);
    }

    /// The terminal sends Ctrl-C to the children as well; a TERM of the parent alone must reach
    /// them too.
    void pass_signals_on() {
        const int count = signal_flag::count();
        if (count == passed_on_) return;
        passed_on_ = count;
        for (child& c : children_) ask_to_end(c);
        if (count > 2) grace_ = std::chrono::milliseconds(0);  // a user who insists
    }

    void show() {
        if (watcher_ == nullptr) return;
        shown_.resize(jobs_.size());
        for (std::size_t i = 0; i < jobs_.size(); ++i)
            shown_[i] = {base::ps{pages_[i].now.load()}, base::ps{pages_[i].end.load()},
                         pages_[i].events.load(), outcomes_[i].is != state::not_run};
        watcher_->show(shown_);
    }

    std::span<const job> jobs_;
    const simulate_function& simulate_;
    bool until_violation_;
    watcher* watcher_;
    std::chrono::milliseconds grace_;
    progress_pages pages_;
    std::vector<child> children_;
    std::vector<outcome> outcomes_;
    std::vector<watcher::run_progress> shown_;
    std::size_t limit_;  // no job from here on
    std::size_t next_ = 0;
    unsigned running_ = 0;
    int passed_on_ = 0;
};

}  // namespace

std::vector<outcome> run_all(std::span<const job> jobs, unsigned at_once,
                             const simulate_function& simulate, bool until_violation, watcher* w,
                             std::chrono::milliseconds grace) {
    const signal_flag flag;
    return campaign(jobs, simulate, until_violation, w, grace).run(at_once);
}

}  // namespace drydock::runner
