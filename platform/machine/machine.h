// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "platform/machine/director.h"
#include "platform/machine/hardware.h"
#include "platform/monitors/hardware_view.h"
#include "platform/monitors/stuck.h"
#include "platform/scenario/scenario.h"
#include "sw/kernel/kernel.h"
#include "sw/software.h"
#include "tlm/base/context.h"

namespace drydock::machine {

/// A whole machine of one run: hardware, the software on it, and the director that plays the
/// scenario. The only place that knows both sides.
class machine final : stage,
                      hal_systemc::steering,
                      public monitors::hardware_view,
                      public monitors::retry {
public:
    /// Clients start at the first whole multiple of this after the boot, so that their times do not
    /// shift with every register that booting writes.
    static constexpr base::ps start_grid{100'000'000};

    machine(base::context& ctx, const scenario::run& run);
    ~machine() override;

    /// Boots and plays the scenario to its end (or until somebody stops the timeline).
    /// @throws what a task threw
    void run();

    /// When the clients started.
    base::ps booted() const { return booted_; }

    hardware& hw() { return hardware_; }
    sw::software& sw() { return *software_; }
    sw::kernel& kernel() { return *kernel_; }
    drydock::machine::director& director() { return director_; }
    base::routing_id routing_id_of(const std::string& device) const override;

    // monitors::hardware_view
    std::optional<monitors::ste_view> ste(base::stream_id) override;
    std::optional<monitors::cd_view> cd(base::stream_id, base::substream_id) override;
    std::optional<bool> ats_enabled(base::routing_id) override;
    std::optional<bool> ats_believed(base::routing_id) override;
    std::optional<base::routing_id> function_of(std::string_view smmu, base::stream_id) override;
    // monitors::retry
    bool attach(base::routing_id) override;
    bool command_queue(std::string_view where) override;

private:
    // stage
    void reset(const scenario::do_reset&) override;
    void start(const scenario::do_start&) override;
    void attach(const scenario::do_attach&) override;
    void detach(const scenario::do_detach&) override;
    void inject(const scenario::do_inject&) override;
    void inject_error(const scenario::do_inject&);
    void check_error(const scenario::do_inject&, const scenario::place& where);
    void set(const scenario::do_set&) override;
    void unmap(const scenario::do_unmap&) override;
    void use(const scenario::do_use&) override;
    void call(const scenario::do_call&) override;
    void manage(const scenario::do_manage&) override;
    void free(const scenario::do_free&) override;
    void fail(const scenario::do_fail&) override;
    bool release(const std::string& task) override;
    // steering
    bool hold(std::string_view task, std::string_view point, std::uint16_t device) override;

    void begin_scenario();
    bool probe_task(const std::string& task);
    /// @throws scenario::bad_input for a fault or setting that the machine does not have
    void check_verbs();
    void check_inject(const scenario::do_inject& v, const scenario::place& where);
    /// Containment and slot of the port above. @return false if the fault is none of these
    bool inject_at_port(const scenario::do_inject& v);
    void check_port_fault(const scenario::do_inject& v, const scenario::place& where);

    struct starter final : base::timeline_client {
        explicit starter(machine& m);
        void on_time(std::uint64_t) override { owner.begin_scenario(); }
        machine& owner;
        base::timeline::client_id id;
    };

    base::context& ctx_;
    const scenario::run& run_;
    hardware hardware_;
    std::unique_ptr<sw::kernel> kernel_;
    std::unique_ptr<sw::software> software_;
    drydock::machine::director director_;
    starter starter_;
    base::ps booted_{};
    unsigned probes_ = 0;
};

/// Faults of the port above a device, as a scenario writes them.
const std::vector<std::string>& port_fault_names();

/// What the modelled software is told of a run.
sw::software_config software_of(base::parameters& p, const scenario::run& run, const hardware& hw,
                                std::uint64_t seed);

}  // namespace drydock::machine
