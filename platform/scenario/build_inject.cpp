// SPDX-License-Identifier: Apache-2.0
// `inject:`, a fault or an error of AER, of whom it can be.
#include <fmt/format.h>

#include "platform/scenario/build.h"
#include "platform/scenario/build_verbs.h"
#include "platform/scenario/nearest.h"
#include "tlm/pcie/link_error.h"

namespace drydock::scenario::build {
namespace {

constexpr std::string_view service_failure = "service_failure";

/// `{device: ep0, error: ecrc}` or `{port: rp0, error: acs_violation}`
do_inject read_error(const node& v, const run& r) {
    for (const char* key : {"fault", "count", "delay"})
        if (const node* n = v.find(key))
            throw bad_input(n->where,
                            fmt::format("'{}' beside error, which is detected once", key));
    do_inject e;
    e.error = v.at("error").scalar;
    const node* port = v.find("port");
    if ((port == nullptr) == (v.find("device") == nullptr))
        throw bad_input(v.where, "expected one of device, port beside error");
    if (port == nullptr) {
        e.device = device_of(v, r);
    } else {
        require_name(port->where, "port", port->scalar, port_names(r));
        e.port = port->scalar;
    }
    return e;
}

/// A link fault that acts on TLPs or DLLPs; null: another fault.
const pcie::link_fault_info* link_fault(std::string_view name) {
    for (const pcie::link_fault_info& f : pcie::link_fault_table)
        if (f.name == name) return &f;
    return nullptr;
}

/// Of the port above a device, or of a port that is named.
bool at_port(std::string_view fault) {
    return fault == "dpc_trigger" || fault.ends_with("_removal") || fault == "insertion" ||
           fault == "fundamental_reset" || fault == "attention_button" || fault == "retrain_link";
}

/// `{smmu: smmu, fault: service_failure}`, which needs nothing else
do_inject read_of_smmu(const node& v, const run& r) {
    std::vector<std::string> names;
    for (const smmu& s : r.machine.smmus) names.push_back(s.name);
    require_name(v.at("smmu").where, "SMMU", v.at("smmu").scalar, names);
    for (const member& m : v.members)
        if (m.key != "smmu" && m.key != "fault")
            throw bad_input(m.where, fmt::format("'{}' beside smmu:; expected fault: {} alone",
                                                 m.key, service_failure));
    const node* fault = v.find("fault");
    if (fault == nullptr || fault->scalar != service_failure)
        throw bad_input(
            fault == nullptr ? v.where : fault->where,
            fmt::format("no such fault of an SMMU; expected fault: {}", service_failure));
    do_inject f;
    f.smmu = v.at("smmu").scalar;
    f.fault = fault->scalar;
    return f;
}

}  // namespace

do_inject inject_verb(const node& v, const run& r) {
    if (v.find("smmu") != nullptr) return read_of_smmu(v, r);
    if (v.find("error") != nullptr) return read_error(v, r);
    const node* port = v.find("port");
    if (v.find("fault") == nullptr || (port == nullptr) == (v.find("device") == nullptr))
        throw bad_input(v.where,
                        "expected inject: {device: NAME, fault: NAME}, {port: NAME, fault: NAME} "
                        "of the port or the link below it, {device: NAME, error: NAME} or {smmu: "
                        "NAME, fault: service_failure}");
    if (const node& n = v.at("fault"); n.scalar == service_failure)
        throw bad_input(n.where, fmt::format("{} is a fault of an SMMU; expected smmu: in place of "
                                             "{}:",
                                             service_failure, port == nullptr ? "device" : "port"));
    do_inject f;
    f.fault = v.at("fault").scalar;
    const pcie::link_fault_info* on_link = link_fault(f.fault);
    if (port == nullptr) {
        f.device = device_of(v, r);
    } else {
        require_name(port->where, "port", port->scalar, port_names(r));
        if (on_link == nullptr && !f.fault.starts_with("link_") && !at_port(f.fault))
            throw bad_input(port->where, fmt::format("'port' beside {}, which is a fault of a "
                                                     "device; expected device: there",
                                                     f.fault));
        f.port = port->scalar;
    }
    const auto refuse = [&](const node& n, std::string_view key, std::string_view why) {
        throw bad_input(n.where, fmt::format("'{}' beside {}, {}", key, f.fault, why));
    };
    if (const node* n = v.find("count")) {
        if ((on_link != nullptr && on_link->once) || f.fault.starts_with("link_") ||
            f.fault.find("death") != std::string::npos || at_port(f.fault))
            refuse(*n, "count", "which happens once");
        f.count = n->to_json().get<std::uint32_t>();
    }
    if (const node* n = v.find("direction")) {
        if (on_link == nullptr) refuse(*n, "direction", "which is none of the link's traffic");
        f.downward = n->scalar == "down";
    }
    if (const node* n = v.find("delay")) {
        if (f.fault != "delay_completions") refuse(*n, "delay", "which delays nothing");
        f.delay = parse_time(n->scalar);
    }
    return f;
}

}  // namespace drydock::scenario::build
