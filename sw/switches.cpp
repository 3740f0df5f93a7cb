// SPDX-License-Identifier: Apache-2.0
#include "sw/switches.h"

#include <array>
#include <stdexcept>

#include "sw/software.h"

namespace drydock::sw {

namespace {

struct entry {
    named_thing thing;
    bool& (*of)(software_config&);
};

constexpr auto table = std::to_array<entry>({
    {{"driver_asks_old",
      "drivers ask the core what a device is attached to, instead of taking its word"},
     [](software_config& c) -> bool& { return c.iommu.driver_asks_old; }},
    {{"done_only_on_success", "a reset that failed leaves its device blocked"},
     [](software_config& c) -> bool& { return c.reset.done_only_on_success; }},
    {{"no_outer_pair",
      "resets of a device's own kind leave prepare() and done() to the FLR within"},
     [](software_config& c) -> bool& { return c.reset.no_outer_pair; }},
    {{"no_serialise", "who detaches a device does not wait for flushes that are under way"},
     [](software_config& c) -> bool& { return c.driver.no_serialise; }},
    {{"no_synchronize_rcu", "Q4: release frees what a flush may still hold"},
     [](software_config& c) -> bool& { return c.quarantine_options.no_synchronize_rcu; }},
    {{"attach_ignores_ats_broken", "Q2 to Q5: an attach turns the ATS of a fenced device on"},
     [](software_config& c) -> bool& { return c.quarantine_options.attach_ignores_ats_broken; }},
    {{"no_unfence", "Q2 to Q5: no reset lifts the driver's fence"},
     [](software_config& c) -> bool& { return c.quarantine_options.no_unfence; }},
    {{"per_sid_retry", "Q5: each device of the batch is asked alone before it is fenced"},
     [](software_config& c) -> bool& { return c.quarantine_options.per_sid_retry; }},
    {{"bit_before_ack", "Q2 to Q4: the issuer's bit is set before GERROR is acknowledged"},
     [](software_config& c) -> bool& { return c.quarantine_options.bit_before_ack; }},
    {{"retest_under_device_lock", "Q2: the worker looks at the flag again when it has the lock"},
     [](software_config& c) -> bool& { return c.quarantine_options.retest_under_device_lock; }},
    {{"fence_on_poll_timeout", "Q3 to Q5: a wait that was too long counts as a lost ATC_INV"},
     [](software_config& c) -> bool& { return c.quarantine_options.fence_on_poll_timeout; }},
});

}  // namespace

std::span<const named_thing> switches() {
    static constexpr auto names = things_of(table);
    return names;
}

software_config with_switches(software_config config) {
    for (const std::string& name : config.switches) {
        bool known = false;
        for (const entry& e : table)
            if (e.thing.name == name) e.of(config) = known = true;
        if (!known) throw std::invalid_argument("there is no switch '" + name + "'");
    }
    return config;
}

}  // namespace drydock::sw
