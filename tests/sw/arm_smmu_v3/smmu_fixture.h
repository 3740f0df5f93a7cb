// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "sw/arm_smmu_v3/cmdq.h"
#include "sw/arm_smmu_v3/driver.h"
#include "tests/sw/model/model_host.h"

namespace drydock::sw::test {

/// The driver's device on the model host, booted; tests decide which commands hardware takes.
struct smmu_fixture : ::testing::Test {
    static constexpr u8 sync = CMDQ_OP_CMD_SYNC;
    model_host host;
    kernel k{host.doors(), 4};
    std::unique_ptr<arm_smmu_driver> driver;
    arm_smmu_device* smmu = nullptr;

    void boot(arm_smmu_config c = {}) {
        c.base = model_host::smmu;
        driver = std::make_unique<arm_smmu_driver>(k);
        smmu = &driver->add(c);
        k.run_task("boot", 0, [this] { smmu->reset(); });
        host.fake.run(k.now() + 10ms);
        host.commands.clear();
        host.fake.notes.clear();
    }
    /// GERROR goes to CPU 3, where nobody polls.
    void boot_with_gerror_elsewhere() {
        arm_smmu_config c;
        c.gerror_cpu = 3;
        boot(c);
    }
    void boot_with_queue(u32 log2size) {
        arm_smmu_config c;
        c.cmdq.log2size = log2size;
        boot(c);
    }

    /// Hardware takes no SYNC until release_syncs().
    void hold_syncs() {
        held_ = true;
        host.on_command = [this](const taken_command& c) { return c.opcode() != sync || !held_; };
    }
    void release_syncs() {
        held_ = false;
        host.run_commands();
    }
    /// The first command of this opcode stops the queue with an error.
    void fail_once(u8 opcode, u32 cerror) {
        host.on_command = [this, opcode, cerror](const taken_command& t) {
            if (t.opcode() != opcode || failed_) return true;
            failed_ = true;
            host.fake.at(k.now() + 10us, [this, cerror] { host.raise_cerror(cerror); });
            return false;
        };
    }

    /// A task that sends one command and waits for its SYNC.
    struct waiter {
        int rc = 1;  ///< while it waits
        hal::time_point begun{}, ended{};
        hal::duration took() const { return ended - begun; }
    };
    void send(waiter& w, unsigned cpu, const arm_smmu_cmdq_ent& e) {
        k.run_task("u" + std::to_string(cpu), cpu, [this, &w, e] {
            w.begun = k.now();
            w.rc = smmu->cmdq().issue_cmd_with_sync(e);
            w.ended = k.now();
        });
    }
    static arm_smmu_cmdq_ent tlbi(u16 asid) {
        return {.opcode = CMDQ_OP_TLBI_NH_ASID, .asid = asid};
    }
    static arm_smmu_cmdq_ent atc_inv(u32 sid) { return {.opcode = CMDQ_OP_ATC_INV, .sid = sid}; }
    void run_for(hal::duration d) { host.fake.run(k.now() + d); }
    std::size_t count(u8 opcode) const {
        const auto all = host.opcodes();
        return static_cast<std::size_t>(std::count(all.begin(), all.end(), opcode));
    }
    std::size_t logged(std::string_view begin) const {
        std::size_t n = 0;
        for (const auto& l : host.fake.of(hal::note::log))
            n += host.fake.text_of(l.a).starts_with(begin);
        return n;
    }

private:
    bool held_ = false;
    bool failed_ = false;
};

}  // namespace drydock::sw::test
