// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "sw/hal/host.h"

namespace drydock::sw::test {

/// A note as it was emitted.
struct told {
    hal::note what;
    std::string where;
    hal::time_point time;
    hal::span_id span;
    u64 a, b, c, d;
    bool operator==(const told&) const = default;
};

/// A machine without hardware: time, stacks, 1 MiB of RAM, registers that are a map, interrupts on
/// request. Tests put hardware's acts into it by at(); they happen before software of the same
/// instant.
class fake_host final : hal::clock,
                        hal::stacks,
                        hal::mmio,
                        hal::dma_memory,
                        hal::irq,
                        hal::observe,
                        hal::choice {
public:
    static constexpr phys_addr_t ram = 0x4000'0000;
    static constexpr u64 ram_size = 1u << 20;

    fake_host();
    ~fake_host();
    hal::host& doors() { return doors_; }

    // -- hardware's side --
    void at(hal::time_point when, std::function<void()> act);
    void run(hal::time_point until);
    void set_register(phys_addr_t, u64 value);  ///< by hardware: tells watches
    void write_memory(phys_addr_t, u64 value);  ///< by hardware: tells watches
    void send_interrupt(u32 vector) { sink_->interrupt(vector); }
    void send_event();
    u64 memory64(phys_addr_t);

    // -- what tests set --
    hal::duration load_busy{100'000};
    hal::duration store_busy{20'000};
    hal::duration slow_load{};  ///< > 0: loads are answered later, by mmio_done
    bool watchable = true;
    std::function<bool(std::string_view, std::string_view, u16)> on_hold;
    std::function<std::size_t(std::string_view, std::span<const hal::candidate>)> on_choose;

    // -- what tests read --
    std::vector<told> notes;
    std::vector<std::pair<hal::time_point, phys_addr_t>> loads;
    std::vector<std::pair<hal::time_point, u64>> stores;
    std::vector<std::string> asked;  ///< points of choice
    std::vector<told> of(hal::note n) const;
    const std::string& text_of(u64 id) const { return texts_[id]; }
    u64 switches = 0;

private:
    struct context;
    hal::time_point now() const override { return now_; }
    hal::alarm_id make_alarm(std::string_view, hal::alarm_client&) override;
    void set_alarm(hal::alarm_id, hal::time_point) override;
    void cancel_alarm(hal::alarm_id) override;
    hal::stack* take(void (*entry)(void*), void* argument) override;
    void resume(hal::stack*) override;
    void suspend() override;
    std::optional<hal::mmio_result> load(unsigned, phys_addr_t, unsigned, hal::mmio_client&,
                                         u64) override;
    std::optional<hal::mmio_result> store(unsigned, phys_addr_t, unsigned, u64, hal::mmio_client&,
                                          u64) override;
    u64 peek(phys_addr_t, unsigned) override;
    hal::duration load_cost(phys_addr_t, unsigned) override { return load_busy; }
    phys_addr_t ram_base() const override { return ram; }
    u64 ram_bytes() const override { return ram_size; }
    void read(phys_addr_t, void*, std::size_t) override;
    void write(phys_addr_t, const void*, std::size_t, hal::span_id) override;
    void track_writers(phys_addr_t, u64) override {}
    hal::watch_id watch(phys_addr_t, hal::watch_client&, u64) override;
    void unwatch(hal::watch_id) override;
    void connect(hal::interrupt_sink& s) override { sink_ = &s; }
    phys_addr_t doorbell() const override { return 0x808'0040; }
    u64 events_sent() const override { return events_; }
    void watch_events(hal::watch_client& c, u64 cookie) override { event_watch_ = {&c, cookie}; }
    bool wants(hal::note) const override { return true; }
    void emit(hal::note, hal::place_id, hal::span_id, u64, u64, u64, u64) override;
    hal::place_id place(std::string_view) override;
    hal::text_id text(std::string_view) override;
    hal::span_id new_span() override { return ++spans_; }
    bool hold(std::string_view task, std::string_view point, u16 device) override;
    std::size_t choose(std::string_view, std::span<const hal::candidate>) override;

    void switch_to(context*);
    static void trampoline(unsigned low, unsigned high);
    void tell_watches(phys_addr_t, u64 bytes);

    struct alarm {
        std::string name;
        hal::alarm_client* client;
    };
    struct watcher {
        phys_addr_t at;
        hal::watch_client* client;
        u64 cookie;
    };
    hal::host doors_;
    hal::time_point now_{};
    // key: time, 0 hardware or 1 software, name or sequence
    std::multimap<std::tuple<hal::time_point, int, std::string>, std::function<void()>> hardware_;
    std::vector<alarm> alarms_;
    std::map<std::tuple<hal::time_point, std::string>, hal::alarm_id> ringing_;
    std::map<hal::alarm_id, hal::time_point> set_;
    std::vector<std::unique_ptr<context>> contexts_;
    context* next_ = nullptr;
    context* on_ = nullptr;
    std::exception_ptr thrown_;
    std::map<phys_addr_t, u64> registers_;
    std::vector<u8> ram_;
    std::map<hal::watch_id, watcher> watches_;
    hal::watch_id last_watch_ = 0;
    hal::interrupt_sink* sink_ = nullptr;
    std::pair<hal::watch_client*, u64> event_watch_{};
    u64 events_ = 0;
    std::vector<std::string> places_;
    std::vector<std::string> texts_{""};
    hal::span_id spans_ = 0;
};

}  // namespace drydock::sw::test
