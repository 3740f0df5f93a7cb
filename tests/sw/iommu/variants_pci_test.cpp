// SPDX-License-Identifier: Apache-2.0
// Which ways of resetting each variant holds its calls around, and what the callers make of them.
// The lists name the variants that are hit.
#include "sw/pci/reset_methods.h"
#include "tests/sw/iommu/reset_fixture.h"

namespace drydock::sw::test {
namespace {

const variants first_five{"R1", "R2", "R3", "R4", "R5"};

/// Resets A in one way, and tells whether it was blocked at r0.
struct at_r0 {
    explicit at_r0(ResetLab& m) : lab(m) {
        m.host.fake.on_hold = [this](std::string_view, std::string_view point, u16) {
            if (point == "r0") blocked = lab.ste_word(0x100) == "abort";
            if (point == "r0") ++resets;
            return false;
        };
    }
    pci_reset_config by(pci_reset_method method) const {
        return {.method = method, .host = lab.pci.get()};
    }
    ResetLab& lab;
    bool blocked = false;
    unsigned resets = 0;
};

TEST(VariantsPci, H_02_which_methods_are_wrapped) {
    const auto blocked = [](std::string_view v, pci_reset_method method) {
        ResetLab m(reset_setup{.variant = v, .a = {.pm = true}});
        at_r0 seen(m);
        if (method == pci_reset_method::device_specific)
            m.a->quirk = pci_quirk::delay_250ms_after_flr;
        if (method == pci_reset_method::acpi) m.a->acpi_rst = acpi_reset_method{.takes = 150ms};
        m.in_task([&] { EXPECT_EQ(pci_reset_function(*m.a, *m.core, seen.by(method)), 0); });
        EXPECT_GE(seen.resets, 1u);
        EXPECT_EQ(m.ste_word(0x100), translated);
        return seen.blocked;
    };
    using method = pci_reset_method;
    for (const auto v : all_variants("none")) {
        SCOPED_TRACE(v);
        const bool none = v == "none", r1 = v == "R1";
        EXPECT_EQ(blocked(v, method::flr), !none);
        EXPECT_EQ(blocked(v, method::pm), !none && !r1);
        EXPECT_EQ(blocked(v, method::acpi), !none && !r1);
        EXPECT_EQ(blocked(v, method::bus), !none && !is_one_of(v, first_five));
        if (is_one_of(v, {"M1", "R5"})) continue;  // refuse the FLR inside: below
        EXPECT_EQ(blocked(v, method::device_specific), !none) << "at least by the FLR's own pair";
    }
}

TEST(VariantsPci, H_20a_a_quirk_that_calls_the_flr) {
    for (const auto v : all_variants()) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.a->quirk = pci_quirk::delay_250ms_after_flr;
        int rc = 1;
        std::string in_pause;
        m.k.run_task("R", 1, [&] {
            rc = pci_reset_function(*m.a, *m.core, {.method = pci_reset_method::device_specific});
        });
        m.host.fake.run(m.k.now() + 200ms);  // the FLR took 100 ms, its quirk waits 250 ms more
        in_pause = m.ste_word(0x100);
        m.host.fake.run(m.k.now() + 10s);
        const bool refused = is_one_of(v, {"R5", "M1"});
        EXPECT_EQ(rc, refused ? -EBUSY : 0);
        if (refused) {
            EXPECT_EQ(m.host.functions[0x100]->flrs, 0u);
            EXPECT_TRUE(m.warned());
        } else {
            const bool open = is_one_of(v, {"R1", "R2", "R3", "R4", "N1"});
            EXPECT_EQ(in_pause, open ? translated : "abort");
        }
        EXPECT_EQ(m.ste_word(0x100), translated);
    }
}

TEST(VariantsPci, H_20b_without_the_outer_pair_the_quirks_wait_is_unprotected) {
    for (const bool outer : {true, false}) {
        ResetLab m("M2");
        m.a->quirk = pci_quirk::hinic_vf;
        m.a->firmware_time = 10s;
        bool sent = false;
        m.k.run_task("R", 1, [&] {
            const pci_reset_config how{.method = pci_reset_method::device_specific,
                                       .no_outer_pair = !outer};
            EXPECT_EQ(pci_reset_function(*m.a, *m.core, how), 0);
        });
        m.k.run_task("U", 2, [&] {
            m.k.sleep(5s);
            sent = m.sends_atc_inv(*m.a->dev.group->domain);
        });
        m.host.fake.run(m.k.now() + 20s);
        EXPECT_EQ(sent, !outer);
        EXPECT_EQ(m.ste_word(0x100), translated);
    }
}

// -- asked only --

TEST(VariantsPci, H_20d_asking_for_methods_blocks_the_device_for_the_moment) {
    for (const auto v : all_variants("none")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.a->quirk = pci_quirk::delay_250ms_after_flr;
        const auto asks = [&](pci_reset_method method) {
            const auto sent = m.commands_of([&] {
                m.in_task([&] {
                    EXPECT_EQ(reset_method_store(*m.a, {method}, *m.core, {.host = m.pci.get()}),
                              0);
                });
            });
            return !sent.empty();
        };
        const bool never = is_one_of(v, {"none", "R1", "M3"});
        EXPECT_EQ(asks(pci_reset_method::device_specific), !never);
        EXPECT_EQ(asks(pci_reset_method::bus), !never && !is_one_of(v, first_five));
        EXPECT_FALSE(asks(pci_reset_method::flr));
        EXPECT_EQ(m.a->reset_methods, (std::vector{pci_reset_method::flr}));
        EXPECT_EQ(m.ste_word(0x100), translated);
    }
}

TEST(VariantsPci, H_20e_a_bus_reset_of_one_of_several_functions_blocks_and_does_nothing) {
    for (const auto v : all_variants("M1")) {
        SCOPED_TRACE(v);
        ResetLab m(v);
        m.b->bridge = m.a->bridge;  // on A's bus
        at_r0 seen(m);
        std::vector<u8> sent;
        m.in_task([&] {
            sent = m.commands_of([&] {
                EXPECT_EQ(pci_reset_function(*m.a, *m.core, seen.by(pci_reset_method::bus)),
                          -ENOTTY);
            });
        });
        EXPECT_FALSE(sent.empty());
        EXPECT_EQ(seen.resets, 0u);
        EXPECT_EQ(m.ste_word(0x100), is_one_of(v, {"N1", "M3"}) ? "abort" : translated);
    }
}

TEST(VariantsPci, H_24_between_two_methods_the_device_is_open_or_not) {
    for (const auto v : all_variants("R2")) {
        SCOPED_TRACE(v);
        ResetLab m(reset_setup{.variant = v, .a = {.flr_time = hal::duration(1000s)}});
        m.a->acpi_rst = acpi_reset_method{.takes = 1ms};
        std::vector<std::string> at_p0;
        m.host.fake.on_hold = [&](std::string_view, std::string_view point, u16) {
            if (point == "p0") at_p0.push_back(m.ste_word(0x100));
            return false;
        };
        m.in_task([&] {
            pci_reset_function(*m.a, *m.core,
                               {.methods = {pci_reset_method::flr, pci_reset_method::acpi}});
        });
        ASSERT_EQ(at_p0.size(), 2u) << "-ENOTTY goes on to the next method";
        EXPECT_EQ(at_p0[1], is_one_of(v, {"N1", "M3"}) ? "abort" : translated);
    }
}

// -- resets that no variant wraps --

TEST(VariantsPci, H_62_bus_wide_resets_tell_the_iommu_nothing) {
    for (const std::string_view v : {"M2", "M3"}) {
        ResetLab m(v);
        at_r0 seen(m);
        m.in_task([&] {
            EXPECT_EQ(pci_reset_bus(*m.a, seen.by(pci_reset_method::bus)), 0);
            EXPECT_EQ(reset_subordinate_store(*m.a->bridge, seen.by(pci_reset_method::bus)), 0);
        });
        EXPECT_EQ(seen.resets, 2u);
        EXPECT_FALSE(seen.blocked);
        const auto all = m.points();
        EXPECT_EQ(std::count(all.begin(), all.end(), "p0"), 0);
        EXPECT_EQ(std::count(all.begin(), all.end(), "s"), 2) << "state is restored";
    }
}

}  // namespace
}  // namespace drydock::sw::test
