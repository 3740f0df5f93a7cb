// SPDX-License-Identifier: Apache-2.0
// What a scenario lets happen, and when: entries of its timeline, and its end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "platform/scenario/place.h"
#include "tlm/base/parameters.h"
#include "tlm/base/time.h"

namespace drydock::scenario {

using base::ps;
using namespace base::literals;  // NOLINT(google-global-names-in-headers): defaults read as in
                                 // prose

struct at_time {
    ps time;
};
/// A task (or client, or one of standing_tasks()) reaches a named point (p0.. d4, r0.., i1..) for
/// the n-th time, of a device if one is named.
struct at_point {
    std::string task, point, device = {};
    std::uint64_t nth = 1;
};
struct on_return {
    std::string task;
};
/// The n-th event of a probe kind, of a device if one is named (matched with the kind's routing ID
/// field).
struct on_event {
    std::string kind, device;
    std::uint64_t nth = 1;
};
using condition = std::variant<at_time, at_point, on_return, on_event>;

/// Starts a task of its own: `task: R, cpu: 3, reset: {device: ep0, method: flr, call:
/// pci_reset_function}`
/// Methods are tried in their order, -25 (ENOTTY) goes on to the next; none: those of the device.
struct do_reset {
    std::string task;
    unsigned cpu = 0;
    std::string device;
    std::vector<std::string> methods;
    std::string call;
};
struct do_start {
    std::string client;
};
/// `attach: {device: ep0, domain: blocked}`, `pasid:` optional; by a task of its own. A domain of
/// software.domain, or a kind.
struct do_attach {
    std::string task;
    unsigned cpu = 0;
    std::string device;
    std::optional<std::uint32_t> pasid;
    std::string domain;
};
struct do_detach {
    std::string task;
    unsigned cpu = 0;
    std::string device;
    std::optional<std::uint32_t> pasid;
};
struct do_inject {
    std::string device, fault = {};
    std::string port = {};   ///< in place of a device, with `error` or a fault of the link below
    std::string smmu = {};   ///< in place of a device, with a fault of an SMMU
    std::string error = {};  ///< in place of a fault: what AER shall have detected
    std::uint32_t count = UINT32_MAX;  ///< occasions that are hit; UINT32_MAX: all from here on
    std::optional<base::ps> delay;     ///< of delay_completions
    bool downward = true;              ///< of the link: which way the TLPs go that are hit
};
struct do_hold {
    std::string task;
};
struct do_release {
    std::string task;
};
struct do_set {
    std::string parameter;
    base::parameter_value value;
};
/// A task takes pages of a client's buffer away, for good: it returns the class of the unmap.
struct do_unmap {
    std::string task;
    unsigned cpu = 0;
    std::string client;
    std::uint64_t page = 0, pages = 1;
    bool reclaim = false;  ///< in atomic context, as memory reclaim does
};
/// The device accesses a page of a client's buffer by itself, by the address that the page had.
struct do_use {
    std::string client, device;
    std::uint64_t page = 0;
    bool write = true;
    unsigned count = 1;
    unsigned bytes = 64;
};
/// A task calls a function of the modelled kernel.
struct do_call {
    std::string task;
    unsigned cpu = 0;
    std::string device, function;
};
/// A task removes a device (sysfs) or finds it again, lets its driver go or binds it, makes its
/// first DMA mapping.
struct do_manage {
    enum class action : std::uint8_t { remove, add, unbind, bind, map };
    std::string task;
    unsigned cpu = 0;
    action what{};
    std::string device;
};
/// A task frees a domain of software.domain.
struct do_free {
    std::string task;
    unsigned cpu = 0;
    std::string domain;
};
/// The next calls at a site of the modelled software fail.
struct do_fail {
    std::string site, device;
    int error = 0;  ///< negative
    std::uint32_t count = 1;
};
using verb = std::variant<do_reset, do_start, do_attach, do_detach, do_inject, do_hold, do_release,
                          do_set, do_unmap, do_use, do_call, do_manage, do_free, do_fail>;

struct timeline_entry {
    condition when;
    verb what;
    place where;
    bool optional = false;  ///< it may be that it never happens
};

/// The run ends `plus` after the last of `when` has come true, at `limit` in any case.
struct end {
    std::vector<condition> when;
    ps plus{};
    ps limit = 100_s;
};

}  // namespace drydock::scenario
